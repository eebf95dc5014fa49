#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Waveforms in GTKWave (docs/waves.md).
#   waves.sh [FILE.fst]      opens a waveform, or else the tour's, with the saved view waves/mmu.gtkw
#   waves.sh generate        writes the saved view and its word lists anew, from waves/mmu.rows and a fresh waveform
#   waves.sh check FILE.fst  are they what that waveform would give?
#   waves.sh picture         renders docs/waves.png; wants the Debian packages xvfb and imagemagick
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."
program=build/pagewalk tour=waves/tour.fst

say() { echo "waves: $*" >&2; }
die() { say "$@"; exit 1; }
need() { command -v "$1" >/dev/null || die "$1 is missing; install it with: ${3:-make setup} (Debian package $2)"; }

scratch=
work=()
finish() {
  [ ${#work[@]} -eq 0 ] || kill "${work[@]}" 2>/dev/null || true
  [ -z "$scratch" ] || rm -rf "$scratch"
}
trap finish EXIT
make_scratch() { scratch=$(mktemp -d); }

# The waveform of the tour; waves/ has it after `make sim`. One of an older program or RTL is made anew.
tour_waveform() {
  [ -x $program ] || die "$program is missing; build it with: make"
  [ ! -s $tour ] || [ -n "$(find $program rtl csrc/rtl_engine -newer $tour -print -quit)" ] || return 0
  say "taking the tour, for $tour"
  $program tour >/dev/null
}

# Declarations of a waveform as VCD, enums included.
declarations() {
  [ -r "$1" ] || die "$1: can't be read"
  { fst2vcd -e "$1" 2>/dev/null || true; } | sed '/^\$enddefinitions/q'
}

# generate_into DIRECTORY FILE.fst
generate_into() {
  need fst2vcd gtkwave
  declarations "$2" >"$scratch/declarations"
  grep -q '^\$var' "$scratch/declarations" || die "$2: not a waveform that fst2vcd can read"
  LC_ALL=C awk -v out="$1" -v fst="$2" -f waves/mmu.awk "$scratch/declarations" waves/mmu.rows
}

generate() {
  tour_waveform
  make_scratch
  $program run --generate cyclic:pages=4,refs=40 --wave "$scratch/fresh.fst" >/dev/null
  generate_into waves "$scratch/fresh.fst"
}

check() {
  make_scratch
  mkdir "$scratch/waves"
  generate_into "$scratch/waves" "$1"
  for made in "$scratch"/waves/*; do
    cmp -s "$made" "waves/$(basename "$made")" ||
      die "waves/$(basename "$made") is not what waves/mmu.rows and the RTL say; run: scripts/waves.sh generate"
  done
  for shipped in waves/*.gtkw waves/*.txt; do
    [ -e "$scratch/$shipped" ] || die "$shipped comes from nowhere: waves/mmu.rows does not name it"
  done
}

# The saved view names the word lists from the project's folder: GTKWave must be started there.
open() {
  need gtkwave gtkwave
  [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || die "GTKWave needs a display, and DISPLAY is not set"
  make_scratch
  declarations "$1" >"$scratch/declarations"
  grep -q '^\$scope module mmu ' "$scratch/declarations" || die "$1: not a waveform of the MMU"
  gtkwave "$1" waves/mmu.gtkw
}

# What a user sees at first, on a screen of our own and without anybody's settings.
picture() {
  local packages="apt-get install xvfb imagemagick"
  need Xvfb xvfb "$packages"
  need import imagemagick "$packages"
  need gtkwave gtkwave
  tour_waveform
  make_scratch
  Xvfb -displayfd 5 -screen 0 1500x1100x24 5>"$scratch/display" 2>/dev/null &
  work+=($!)
  for _ in $(seq 50); do [ -s "$scratch/display" ] && break; sleep 0.1; done
  DISPLAY=:$(cat "$scratch/display")
  export DISPLAY HOME=$scratch
  gtkwave --rcvar 'splash_disable on' $tour waves/mmu.gtkw >/dev/null 2>&1 &
  work+=($!)
  sleep 5
  import -window root "$scratch/all.png"
  convert "$scratch/all.png" -strip +dither -colors 64 "png8:docs/waves.png"
}

# A path as the caller meant it, from here.
from_caller() {
  case $1 in
    /*) echo "$1" ;;
    *) echo "$here/$1" ;;
  esac
}

case ${1:-} in
  generate) generate ;;
  check) check "$(from_caller "${2:?waves.sh check FILE.fst}")" ;;
  picture) picture ;;
  '') tour_waveform; open $tour ;;
  *) open "$(from_caller "$1")" ;;
esac
