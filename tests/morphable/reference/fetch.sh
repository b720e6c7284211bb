#!/usr/bin/env bash
# Fetches what tests of heads, sidecars and the Blender extension are checked against, into build/: Khronos' glTF validator
# (npm), Blender as a Python module (370 MB each; 4.2, 4.5 and 5.0 for exactly Python 3.11, 5.2 where there is a Python
# 3.13); and exiftool and RawTherapee where the system is Debian's and we are root.
# Prints the variables that let the tests find them. Does nothing a second time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
build=$root/build/reference
mkdir -p "$build"
[[ -d $build/node_modules/gltf-validator ]] ||
    npm install --silent --prefix "$build" --no-package-lock --ignore-scripts --no-audit --no-fund gltf-validator >&2

# blender FOLDER PYTHON PACKAGE...: an environment with these packages alone. uv, if there, is several times as fast as pip.
blender() {
    local folder=$build/$1 python=$2
    shift 2
    [[ ! -e $folder/complete ]] || return 0
    "$python" -m venv --clear "$folder"
    if [[ -x $root/.venv/bin/uv ]]; then
        "$root/.venv/bin/uv" pip install --quiet --python "$folder/bin/python" "$@" >&2
    else
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
    fi
    touch "$folder/complete"
}
# Each with a NumPy of the series that Blender itself brings along.
running=()
blender blender python3.11 bpy==5.0.1 numpy==1.26.4 & running+=($!)
blender blender42 python3.11 bpy==4.2.23 numpy==1.24.3 & running+=($!)
blender blender45 python3.11 bpy==4.5.15 numpy==1.26.4 & running+=($!)
if python3.13 -c "" 2>/dev/null; then
    blender blender52 python3.13 bpy==5.2.3 & running+=($!)
fi
for process in "${running[@]}"; do wait "$process"; done
# What the extension bundles, for tests that run its sources in Blender 5.0 without installing it.
if [[ ! -e $build/blender_packages/complete ]]; then
    "$build/blender/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --upgrade \
        --target "$build/blender_packages" --requirement "$root/requirements/blender-cp311.lock" >&2
    touch "$build/blender_packages/complete"
fi

missing=()
command -v exiftool >/dev/null || missing+=(libimage-exiftool-perl)
command -v rawtherapee-cli >/dev/null || missing+=(rawtherapee)
# What Blender's and open3d's modules load.
for library in libXrender.so.1 libXxf86vm.so.1 libXfixes.so.3 libXi.so.6 libxkbcommon.so.0 libSM.so.6 libGL.so.1 \
    libEGL.so.1 libusb-1.0.so.0; do
    ldconfig -p | grep -q "$library" || missing+=(libxrender1 libxxf86vm1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 \
        libegl1 libusb-1.0-0)
done
if ((${#missing[@]})) && command -v apt-get >/dev/null && [[ $(id -u) == 0 ]]; then
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
echo "export FSYNTH_GLTF_VALIDATOR=$build/node_modules/gltf-validator"
echo "export FSYNTH_BLENDER_PYTHON=$build/blender/bin/python"
echo "export FSYNTH_BLENDER_PACKAGES=$build/blender_packages"
echo "export FSYNTH_BLENDER_PYTHON_42=$build/blender42/bin/python"
echo "export FSYNTH_BLENDER_PYTHON_45=$build/blender45/bin/python"
[[ ! -e $build/blender52/complete ]] || echo "export FSYNTH_BLENDER_PYTHON_52=$build/blender52/bin/python"
