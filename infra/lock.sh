#!/bin/sh
# Writes requirements.lock: every version and hash, and no address of a registry (decision record 0003).
set -eu
cd "$(dirname "$0")/.."
.uv/bin/uv lock --quiet
.uv/bin/uv export --quiet --frozen --all-packages --all-groups --no-emit-workspace --no-header --no-annotate \
    --format requirements-txt --output-file requirements.lock >/dev/null
if grep -n '://' requirements.lock; then
    echo "requirements.lock names an address: see above" >&2
    exit 1
fi
