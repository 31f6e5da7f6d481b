#!/usr/bin/env bash
# Recomputes the locks. No file names a package index: whoever installs uses their own.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q "$@"; }
compile -c requirements/dev.lock requirements/core.in -o requirements/core.lock.new
mv requirements/core.lock.new requirements/core.lock
compile -c requirements/core.lock requirements/dev.in -o requirements/dev.lock.new
mv requirements/dev.lock.new requirements/dev.lock
compile -c requirements/dev.lock requirements/postgres.in -o requirements/postgres.lock
compile --no-deps requirements/models.in -o requirements/models.lock
compile requirements/installer.in -o requirements/installer.lock
