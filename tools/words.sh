#!/usr/bin/env bash
# Collects the words of the pages into the catalogues, and compiles them. Needs gettext (Debian: apt-get install gettext).
# The compiled files are checked in, so that nobody who only runs the site needs gettext; a test compares both.
set -euo pipefail
cd "$(dirname "$0")/../src/commonbeat/web"
django=${PYTHON:-../../../.venv/bin/python}
"$django" -m django makemessages -l es --no-wrap --no-location --no-obsolete -i 'static/vendor/*' "$@"
sed -i '/^"POT-Creation-Date:/d' locale/es/LC_MESSAGES/django.po # a date alone would be a change at every run
for po in locale/*/LC_MESSAGES/*.po; do msgfmt --check-format -o "${po%.po}.mo" "$po"; done
