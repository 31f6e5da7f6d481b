#!/usr/bin/env bash
# Makes .venv with exactly the locked packages (every file checked against its hash) and this project in it.
# usage: tools/install.sh core|dev
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-core}
stamp=.venv/.commonbeat-$kind
want=$(cat requirements/"$kind".lock requirements/models.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi

python=
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  echo "Commonbeat needs Python 3.11 or newer, and none was found. On Debian: apt-get install python3 python3-venv" >&2
  exit 1
fi
if [ ! -x .venv/bin/python ]; then
  echo "Making .venv with $($python --version) ..."
  if ! "$python" -m venv .venv 2>/dev/null; then
    rm -rf .venv
    tools/system.sh python3-venv
    "$python" -m venv .venv
  fi
fi

echo "Installing the locked packages ($kind); the first time takes a minute or two ..."
locks=(-r "requirements/$kind.lock" -r requirements/models.lock)
.venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/installer.lock
# uv is several times faster; pip does the same where uv cannot see this machine's package index
if ! .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes --no-deps "${locks[@]}"; then
  echo "uv could not; pip does it now (slower)."
  .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps "${locks[@]}"
fi
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
# the core is kept small; whoever develops keeps uv for `make lock`
[ "$kind" = dev ] || .venv/bin/python -m pip uninstall -q -y uv setuptools
echo "$want" > "$stamp"
