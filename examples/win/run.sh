#!/usr/bin/env bash
# One simulated town, from the sealed plan beside this file to a report whose numbers are computed again. Usage: run.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")"
exec ../study.sh only_participants 11 "$@"
