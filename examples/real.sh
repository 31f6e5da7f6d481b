#!/usr/bin/env bash
# The same path as the demo, on real records that nobody here wrote: a conversation, police stops, a trust survey, a story's
# spread, video clips, a staggered rollout. Leaves OUT/index.html for a person to read.
#
#   examples/real.sh [OUT]            COMMONBEAT_REAL_DATA names the folder of real data
#   QUICK=1 examples/real.sh [OUT]    one short clip instead of all
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/real}
data=${COMMONBEAT_REAL_DATA:-../shared/data}
python=${PYTHON:-.venv/bin/python}
cb() { "$python" -m commonbeat "$@"; }

if [ ! -d "$data/polis" ]; then
  echo "There is no real data in $data. Set COMMONBEAT_REAL_DATA to the folder that holds polis/, mpls_stops/ and the others." >&2
  exit 2
fi
if [ -e "$out" ] && [ ! -e "$out/.real-records" ] && [ -n "$(ls -A "$out")" ]; then
  echo "$out holds something else; name a new folder." >&2
  exit 2
fi
rm -rf "$out"
mkdir -p "$out/footage"
touch "$out/.real-records" # a run that was stopped may be run again

echo "== A conversation about young people and policing (London)"
cb dialogue "$data/polis/london.youth.policing" --meta 1-14 --html "$out/dialogue.html" --json > "$out/dialogue.json"

echo "== Police stops of one year (Minneapolis), its neighbourhoods and who lives there"
cb import areas "$data/mpls_stops/neighborhoods.geojson" --map minneapolis --into "$out/book" --quiet
cb import population "$data/mpls_stops/demographics.csv" --map minneapolis --into "$out/book" --quiet
cb import contacts "$data/mpls_stops/stops.csv" --map minneapolis --into "$out/book" --quiet
cb verify "$out/book" --json > "$out/verified.json"
cb encounters "$out/book" --by race --zone America/Chicago --html "$out/encounters.html" --json > "$out/encounters.json"

echo "== A survey of trust, quarter by quarter (London)"
cb trust "$data/london_pas/PAS_Dashboard_Borough.csv" --json > "$out/trust.json"

echo "== How one story spread"
"$python" examples/real_spread.py "$data/ripple/rumoureval2019/twitter_threads.csv" "$out/spread.csv"
cb ripple "$out/spread.csv" --html "$out/ripple.html" --json > "$out/ripple.json"

echo "== Clips with real people, protected"
clips=(walkers.mp4 selfie90.mp4 expo_vfr.mp4 nofaces_bottle.mp4)
[ -z "${QUICK:-}" ] || clips=(expo_vfr.mp4)
for clip in "${clips[@]}"; do
  cb protect "$data/footage/$clip" "$out/footage/$clip" --record "$out/footage/$clip.json" --quiet
  cb verify-footage "$out/footage/$clip" "$out/footage/$clip.json" --quiet
done
if cb protect "$data/footage/expo_hlg10bit.mp4" "$out/footage/hdr.mp4" 2> "$out/footage/refused.txt"; then
  echo "an HDR clip was not refused" >&2
  exit 1
fi

echo "== A rollout of training, officer by officer and month by month (Chicago)"
cb study run examples/chicago.toml "$data/pj_chicago/pj_officer_level_balanced.parquet" --json > "$out/rollout.json"

"$python" examples/real_index.py "$out"
echo "Read it: $out/index.html"
