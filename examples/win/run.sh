#!/usr/bin/env bash
# A simulated town, a study sealed before the data, its answer, its receipt checked, its report. Usage: run.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")"
PY=${PYTHON:-../../.venv/bin/python}
OUT=${1:-out}
mkdir -p "$OUT"
"$PY" ../town.py only_participants 11 plan.toml "$OUT/book"
"$PY" -m commonbeat study verify "$OUT/book-receipt.json" "$OUT/book"
"$PY" -m commonbeat study run plan.toml "$OUT/book" --seed 1
"$PY" -m commonbeat study run plan.toml "$OUT/book" --seed 1 --json > "$OUT/findings.json"
"$PY" -m commonbeat study list "$OUT/book"
[ -n "${QUICK:-}" ] || "$PY" -m commonbeat report "$OUT/book" --study plan.toml --out "$OUT/report" --town "A simulated town"
