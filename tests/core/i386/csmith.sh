#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# csmith.sh FIRST LAST FOLDER COMPILE...: random C programs of csmith by seed, each compiled by the command COMPILE (which
# ends where the source and -o are to follow) to FOLDER/csmith-SEED. Those that exist stay.
set -euo pipefail
first=$1 last=$2 folder=$3
shift 3
for ((seed = first; seed <= last; seed++)); do
  program=$folder/csmith-$seed
  [ -x "$program" ] && continue
  levels=(-O0 -O1 -O2 -Os -O3)
  (cd "$folder" && csmith --seed "$seed" --no-argc) >"$program.c"  # it leaves a platform.info where it runs
  "$@" "${levels[seed % 5]}" -w -ffunction-sections -Wl,--gc-sections -I/usr/include/csmith -o "$program" "$program.c" tests/core/i386/runtime.c -lgcc
done
