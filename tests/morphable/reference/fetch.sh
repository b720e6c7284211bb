#!/usr/bin/env bash
# Fetches what tests of heads and sidecars are checked against, into build/: Khronos' glTF validator (npm) and Blender as a
# Python module (370 MB, for exactly Python 3.11); and exiftool and RawTherapee where the system is Debian's and we are root.
# Prints the variables that let the tests find them. Does nothing a second time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
build=$root/build/reference
mkdir -p "$build"
[[ -d $build/node_modules/gltf-validator ]] ||
    npm install --silent --prefix "$build" --no-package-lock --ignore-scripts --no-audit --no-fund gltf-validator >&2
if [[ ! -x $build/blender/bin/python ]]; then
    python3.11 -m venv "$build/blender"
    "$build/blender/bin/python" -m pip install --quiet --disable-pip-version-check bpy==5.0.1 >&2
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
