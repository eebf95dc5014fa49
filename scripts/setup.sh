#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# setup.sh LIST: installs the Debian packages named in LIST that are not there yet. Safe to run again.
set -euo pipefail

list=${1:?usage: setup.sh LIST}
mapfile -t wanted < <(sed 's/#.*//' "$list" | awk 'NF {print $1}')

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: all ${#wanted[@]} packages are installed"
  exit 0
fi

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "setup: installing needs root: run 'make setup' as root, or install sudo" >&2
    exit 1
  }
  root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "setup: done"
