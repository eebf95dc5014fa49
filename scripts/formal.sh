#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# formal.sh [PATTERN]: the proofs, by yosys and yosys-abc (PDR; or, where that takes too long, bmc3 to a bound). Prints a
# table; fails if one fails. PATTERN: those whose name matches it. BUG=n: the design has the deliberate bug n, and at least
# one of the proofs must fail, or the call does. BUG=all: each proof once with the bug that is named for it below.
#
# yosys has no bind: formal/insert/MODULE.svh is set in before MODULE's endmodule. What it reads wrongly, formal/dialect.sed
# says in other words. The claims are those of simulation (rtl/check/), the environments are formal/*.sv.
set -uo pipefail
cd "$(dirname "$0")/.."
out=build/formal
mkdir -p $out
command -v yosys yosys-abc >/dev/null || { echo "formal: yosys is not installed: make setup" >&2; exit 1; }
limit=${LIMIT:-300}  # seconds for a proof

replacement="rtl/tlb/replace*.sv rtl/check/replacement_claims.sv formal/replacement.sv"
walk_cache="rtl/walk/walk_cache.sv rtl/check/walk_cache_check.sv formal/walk_cache.sv"
walker="rtl/permission.sv rtl/walk/entry_decode.sv rtl/walk/level_table.sv rtl/walk/walker.sv rtl/check/walker_check.sv formal/walker.sv"
arbiter="rtl/permission.sv rtl/access_port.sv rtl/walk/turns.sv rtl/check/arbiter_check.sv formal/arbiter.sv"
tlb_array="rtl/tlb/replace*.sv rtl/tlb/tlb_array.sv rtl/check/tlb_array_claims.sv formal/tlb_array.sv"

# name | environment | parameters | sources | claims (all, if none) | bound of cycles (none: unbounded) | a bug that breaks it
proofs=(
  "lru|replacement|Policy=0 Sets=2 Ways=4|$replacement|||57"
  "lru-3-ways|replacement|Policy=0 Sets=4 Ways=3|$replacement|||57"
  "lru-two-ports|replacement|Policy=0 Sets=2 Ways=4 Ports=2|$replacement|||57"
  "plru|replacement|Policy=1 Sets=2 Ways=8|$replacement|||56"
  "plru-two-ports|replacement|Policy=1 Sets=2 Ways=4 Ports=2|$replacement|||56"
  "fifo|replacement|Policy=2 Sets=2 Ways=4|$replacement|||58"
  "fifo-two-ports|replacement|Policy=2 Sets=2 Ways=3 Ports=2|$replacement|||58"
  "nru|replacement|Policy=3 Sets=2 Ways=4|$replacement|||59"
  "nru-two-ports|replacement|Policy=3 Sets=2 Ways=4 Ports=2|$replacement|||59"
  "random|replacement|Policy=4 Sets=2 Ways=3|$replacement|||"
  "walk-cache|walk_cache|Level=2 Entries=2|$walk_cache|||21"
  "walk-cache-3-entries|walk_cache|Level=3 Entries=3|$walk_cache|||21"
  "walk-cache-two-ports|walk_cache|Level=2 Entries=2 Ports=2|$walk_cache|||21"
  "tlb-array|tlb_array|Sets=1 Ways=2 Policy=2|$tlb_array|||19"
  "tlb-array-sets|tlb_array|Sets=2 Ways=2 Policy=0|$tlb_array|||25"
  "tlb-array-two-ports|tlb_array|Sets=1 Ways=2 Ports=2 Policy=2|$tlb_array|||26"
  "arbiter|arbiter|Slowest=2|$arbiter|||47"
  "walker-order|walker||$walker|WalkerReadsDownwards WalkerKeepsItsReadCount WalkerWorksOnlyWhenGranted WalkerIsBusyWhileItWalks WalkerReadsBeforeItUpdates WalkerUpdatesOnce WalkerFaultFillsNothing WalkerFaultUpdatesNothing WalkerFillsNothingAcrossAnOperation||1"
  "walker-never-stuck|walker||$walker|WalkerIsNeverStuck WalkerDeadlineIsNear WalkerWakeLiesAhead||44"
  "walker-ends|walker||$walker|WalkerEnds WalkerReadsDownwards WalkerUpdatesOnce WalkerReadsBeforeItUpdates WalkerKeepsItsReadCount||48"
  "walker-updates|walker||$walker|WalkerFollowsThePointers WalkerUpdatesWhatItRead WalkerSetsOnlyAAndD WalkerSetsDForWritesOnly||40"
  "walker-fills|walker||$walker|WalkerFillsOnlyPresentAndAccessed WalkerFillsDirtyOnlyIfSet WalkerFillsWritesDirty WalkerFillsCombinedRights||35"
)

# Proves one. Prints: proved | no counterexample within N cycles | broken in cycle N | out of time | error
prove() { # name, environment, parameters, sources, claims, bound, define
  local dir=$out/$1 files=() file name keep= sets= p how
  rm -rf "$dir" && mkdir -p "$dir"
  for file in rtl/mmu_pkg.sv $4; do
    name=$(basename "$file" .sv)
    if [[ $file == formal/* || $file == rtl/check/* ]]; then
      files+=("$file")
    else
      awk -v insert="formal/insert/$name.svh" \
        '/^endmodule/ { while ((getline line < insert) > 0) print line } { print }' "$file" |
        sed -f formal/dialect.sed >"$dir/$name.sv"
      files+=("$dir/$name.sv")
    fi
  done
  for p in $3; do sets+=" -set ${p%=*} ${p#*=}"; done
  if [ -n "$5" ]; then
    keep='delete t:$assert'
    for p in $5; do keep+=" c:*$p %d"; done
  fi
  if ! yosys -q -l "$dir/yosys.log" -p "read_verilog -sv -formal $7 ${files[*]}; chparam $sets prove_$2;
      hierarchy -check -top prove_$2; proc; flatten; $keep; opt -full; memory_map; opt -full; async2sync; dffunmap; techmap;
      opt -fast; opt_dff; opt_clean; dffunmap; techmap; abc -g AND -fast; opt_clean; setundef -undriven -anyseq;
      write_aiger -I -B -zinit -map $dir/map $dir/design.aig" >/dev/null 2>&1; then
    echo "error ($dir/yosys.log)"
    return
  fi
  local engine="pdr -T $limit"
  [ -n "$6" ] && engine="bmc3 -F $6 -T $limit"
  timeout $((4 * limit)) yosys-abc -c "read $dir/design.aig; fold; orpos; scorr; $engine; write_cex -n -f $dir/cex" >"$dir/abc.log" 2>&1
  if how=$(grep -oE 'asserted in frame +[0-9]+' "$dir/abc.log"); then
    echo "broken in cycle ${how##* }"
  elif grep -q 'Property proved' "$dir/abc.log"; then
    echo proved
  elif how=$(grep -oE 'No output asserted in [0-9]+' "$dir/abc.log"); then
    echo "no counterexample within ${how##* } cycles"
  else
    echo "out of time"
  fi
}

case ${BUG:-all} in
  all) ;;
  *) grep -q "^$BUG |" rtl/bugs/catalogue.txt || { echo "formal: rtl/bugs/catalogue.txt has no bug '$BUG'" >&2; exit 1; } ;;
esac
bug=${BUG:-} failed=0 broken=0 done=0
echo '| proof | geometry | result | seconds |'
echo '|---|---|---|---|'
for proof in "${proofs[@]}"; do
  IFS='|' read -r name environment parameters sources claims bound breaks <<<"$proof"
  [[ -z ${1:-} || $name == $1 ]] || continue
  define=
  case $bug in
    '') ;;
    all) [ -n "$breaks" ] || continue; define="-D PROVE_BUG=$breaks" ;;
    *) define="-D PROVE_BUG=$bug" ;;
  esac
  since=$SECONDS
  result=$(prove "$name" "$environment" "$parameters" "$sources" "$claims" "$bound" "$define")
  echo "| $name | ${parameters:-any mode, latencies 2 and 3, one failed swap} | $result${define:+ (bug ${define##*=})} | $((SECONDS - since)) |"
  done=$((done + 1))
  case $result in
    proved | 'no counterexample'*) [ "$bug" = all ] && failed=$((failed + 1)) ;;
    broken*) broken=$((broken + 1)); [ -n "$bug" ] || failed=$((failed + 1)) ;;
    *) failed=$((failed + 1)) ;;
  esac
done
if [ "$done" -eq 0 ]; then
  echo "formal: no proof matches '$1'; there are: $(printf '%s\n' "${proofs[@]}" | cut -d'|' -f1 | paste -sd' ')" >&2
  exit 1
fi
if [ -z "$bug" ]; then
  echo "$done proofs, $failed failed"
elif [ "$bug" = all ]; then
  echo "$done proofs of broken designs, $broken found it broken"
else
  echo "bug $bug: $broken of $done proofs found it"
  [ "$broken" -gt 0 ] || failed=1
fi
[ "$failed" -eq 0 ]
