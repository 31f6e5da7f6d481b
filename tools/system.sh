#!/usr/bin/env bash
# Installs Debian packages that are missing, where this machine lets us; otherwise says what is then skipped.
# usage: tools/system.sh package[=what is skipped without it] ...
set -u
missing=()
for wish in "$@"; do
  package=${wish%%=*}
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing+=("$wish")
done
[ ${#missing[@]} -eq 0 ] && exit 0
names=("${missing[@]%%=*}")
if ! command -v apt-get >/dev/null 2>&1; then
  reason="this machine has no apt-get"
else
  run=(env DEBIAN_FRONTEND=noninteractive)
  [ "$(id -u)" -eq 0 ] || { sudo -n true 2>/dev/null && run=(sudo -n "${run[@]}"); }
  echo "Installing from Debian: ${names[*]} ..."
  "${run[@]}" apt-get update -qq >/dev/null 2>&1
  if "${run[@]}" apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null 2>&1; then exit 0; fi
  reason="apt-get could not install them (are you root?)"
fi
for wish in "${missing[@]}"; do
  case $wish in *=*) echo "Without ${wish%%=*} ($reason) these are skipped: ${wish#*=}";; *) echo "Missing: $wish ($reason)";; esac
done
exit 0
