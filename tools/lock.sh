#!/usr/bin/env bash
# Resolve pyproject.toml into the two lock files that pip alone can install, for every Python from
# 3.11 on and for Linux and macOS, with hashes. Needs uv, which it puts into a scratch environment.
# Usage: tools/lock.sh [--upgrade]; without it, versions already locked are kept.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=build/lock-venv/bin/uv
if [ ! -x "$uv" ]; then
    "${PYTHON:-python3}" -m venv build/lock-venv
    build/lock-venv/bin/pip install --quiet uv
fi
options=(--quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate
    --custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links)
"$uv" pip compile "${options[@]}" "$@" pyproject.toml -o requirements.lock
"$uv" pip compile "${options[@]}" "$@" --group dev -c requirements.lock pyproject.toml \
    -o requirements-dev.lock
