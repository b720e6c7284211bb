#!/usr/bin/env bash
# Fetches what the embedded networks and the second recogniser of training are made of (140 MB) and the runtimes that
# they are checked against: archives into build/sources (or $FSYNTH_SOURCES), TensorFlow.js beside this file, dlib into .venv (or $PYTHON's).
# Needs node with npm. Does nothing a second time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
sources=${FSYNTH_SOURCES:-$root/build/sources}

mkdir -p "$sources"
[[ -f $sources/vladmandic-human-3.3.6.tgz ]] ||
    (cd "$sources" && npm pack --silent @vladmandic/human@3.3.6)
[[ -f $sources/faceplugin-face-recognition-js-0.0.1.tgz ]] ||
    (cd "$sources" && npm pack --silent faceplugin-face-recognition-js@0.0.1)
[[ -f $sources/face_recognition_models-0.3.0.tar.gz ]] ||
    "$python" -m pip download --quiet --no-deps --no-binary :all: --dest "$sources" face-recognition-models==0.3.0
[[ -d $here/node_modules/@tensorflow/tfjs-core ]] ||
    npm install --silent --prefix "$here" --no-package-lock --ignore-scripts --no-audit --no-fund
"$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("dlib") is None)' ||
    "$python" -m pip install --quiet dlib-bin==20.0.1.post1
