#!/usr/bin/env bash
# Add one optional extra of pyproject.toml to the virtual environment, under the versions that the
# lock file chose for everything else. Does nothing, and connects to nothing, when that was done.
# Usage: tools/extra.sh VENV EXTRA
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 extra=$2

if [ -f "$venv/extra-$extra" ] && cmp -s pyproject.toml "$venv/extra-$extra"; then exit 0; fi
wanted=$("$venv/bin/python" - "$extra" <<'EOF'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["optional-dependencies"][sys.argv[1]]))
EOF
)
chosen=$(mktemp)
trap 'rm -f "$chosen"' EXIT
grep -E '^[A-Za-z0-9_.-]+==' requirements-dev.lock | sed 's/ *\\$//' >"$chosen"
echo "Adding $extra to $venv:" $wanted
printf '%s\n' "$wanted" |
    "$venv/bin/python" -m pip --disable-pip-version-check install --quiet -c "$chosen" -r /dev/stdin
cp pyproject.toml "$venv/extra-$extra"
