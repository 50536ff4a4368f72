#!/bin/sh
# Makes .venv from requirements.lock: uv where there is none (in .uv), every package at its pinned version and hash, and
# the workspace's own packages as they are edited. A mirror is set by uv's and pip's own variables (UV_DEFAULT_INDEX,
# PIP_INDEX_URL).
set -eu
cd "$(dirname "$0")/.."

say() { echo "$*" >&2; }

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed, and none of python3, python3.11 to python3.14 is that: install one."
    exit 1
}

python=$(find_python)

uv=.uv/bin/uv
if [ ! -x "$uv" ]; then
    say "installing uv into .uv"
    "$python" -m venv .uv || { say "Python's venv module is missing (Debian's package is called python3-venv): install it."; exit 1; }
    .uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1' ||
        { say "uv can't be fetched: check the network, or set PIP_INDEX_URL to a mirror, and try again."; exit 1; }
fi

[ "${1:-}" != uv ] || exit 0

[ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
say "installing what requirements.lock names"
"$uv" pip install --quiet --python .venv --require-hashes -r requirements.lock ||
    { say "The packages can't be installed: see above; check the network, or set UV_DEFAULT_INDEX to a mirror."; exit 1; }
"$uv" pip install --quiet --python .venv --no-deps -e shared -e infra $(printf " -e %s" services/*/)
touch .venv/.installed
