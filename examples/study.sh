#!/usr/bin/env bash
# A simulated town, a study sealed before the data, its answer, its receipt checked, its report, its numbers computed again.
# The examples call it from their own folder, where the plan is. Usage: study.sh WORLD SEED [OUT]
set -euo pipefail
PY=${PYTHON:-../../.venv/bin/python}
OUT=${3:-out}
mkdir -p "$OUT"
if [ -e "$OUT/book" ] && [ ! -e "$OUT/.example" ]; then
  echo "$OUT holds a book that this example did not make; name a new folder." >&2
  exit 2
fi
rm -rf "$OUT/book" "$OUT/report"
touch "$OUT/.example" # it may be run again
"$PY" ../town.py "$1" "$2" plan.toml "$OUT/book"
"$PY" -m commonbeat study verify "$OUT/book-receipt.json" "$OUT/book"
"$PY" -m commonbeat study run plan.toml "$OUT/book" --seed 1
"$PY" -m commonbeat study run plan.toml "$OUT/book" --seed 1 --json > "$OUT/findings.json"
"$PY" -m commonbeat study list "$OUT/book"
if [ -z "${QUICK:-}" ]; then
  "$PY" -m commonbeat report "$OUT/book" --study plan.toml --seed 1 --out "$OUT/report" --town "A simulated town"
  "$PY" "$OUT/report/recompute.py" "$OUT/report/findings.json" "$OUT/book"
fi
