#!/usr/bin/env bash
# Create the virtual environment and install the locked packages and the project into it.
# Does nothing, and connects to nothing, when that was done before with the same lock file.
# Usage: tools/setup.sh [VENV]; PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
lock=requirements-dev.lock

if [ -f "$venv/locked" ] && cmp -s "$lock" "$venv/locked" && cmp -s pyproject.toml "$venv/project"; then
    exit 0
fi

suits() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ -z "${PYTHON:-}" ]; then
    for PYTHON in python3.11 python3.12 python3.13 python3.14 python3 python ""; do
        if [ -n "$PYTHON" ] && suits "$PYTHON"; then break; fi
    done
fi
if [ -z "$PYTHON" ] || ! suits "$PYTHON"; then
    echo "MammothBox needs Python 3.11 or newer; name one like this: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi

if [ ! -x "$venv/bin/python" ]; then
    echo "Creating $venv with $("$PYTHON" --version)"
    if "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
        "$PYTHON" -m venv "$venv"
    elif "$PYTHON" -m pip --version >/dev/null 2>&1; then
        "$PYTHON" -m venv --without-pip "$venv" # Debian without python3-venv, but with pip
    else
        echo "This Python can make no virtual environment. On Debian and Ubuntu: sudo apt install python3-venv" >&2
        exit 1
    fi
fi
if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    pip=("$venv/bin/python" -m pip)
else
    pip=("$PYTHON" -m pip --python "$venv/bin/python")
fi
pip+=(--disable-pip-version-check)

if ! { [ -f "$venv/locked" ] && cmp -s "$lock" "$venv/locked"; }; then
    echo "Installing the locked packages into $venv, once"
    "${pip[@]}" install --quiet --require-hashes --only-binary :all: -r "$lock"
    cp "$lock" "$venv/locked"
fi
"${pip[@]}" install --quiet --no-deps --no-build-isolation --no-index -e .
cp pyproject.toml "$venv/project"
