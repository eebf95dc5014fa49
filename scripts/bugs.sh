#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bugs.sh [--write] [NUMBER...]: runs the tests against each deliberate bug of rtl/bugs/catalogue.txt (or those named) and
# prints what catches it. Fails if one is caught by nothing, or by the lockstep alone. --write: docs/bugs.md gets the table.
#
#   scripts     tests/bugs/*.mmu: expectations of directed scripts; the line of the first that is not met
#   assertions  the same scripts with the claims of rtl/check/: the first that fails
#   judge       the same scripts, their expectations ignored, then random software (csrc/fuzz/), on the RTL alone: the judge
#               looks at every answer. The script, or which case
#   lockstep    random software against the model: which case
#
# All in one kind of build: PAGEWALK_BUG chooses the bug when a machine starts. A bug of the catalogue marked "legal" breaks
# no rule of docs/paging.md, only timing or counters: all others must be caught by the judge, too. CASES=n: random cases tried.
set -uo pipefail
cd "$(dirname "$0")/.."

catalogue=rtl/bugs/catalogue.txt
write=
[ "${1:-}" = --write ] && write=1 && shift
columns=(scripts assertions judge lockstep)
# Together they have every policy, one walker and two, separate large pages, a second level in one array and in two.
machines=(whole other two-walkers-other)
cases=${CASES:-30}  # of each
scripts=(tests/bugs/*.mmu)
export PAGEWALK_QUICK_BUILD=1 ASAN_OPTIONS=detect_leaks=0
patience=900  # seconds for a program: at first it may have to build
log=$(mktemp) table=$(mktemp) fired=$(mktemp) bare=$(mktemp --suffix=.mmu)
trap 'rm -f "$log" "$table" "$fired" "$bare"' EXIT

numbers_of() { awk -F' *[|] *' '/^[0-9]/ { print $1 }' $catalogue; }
file_of() { grep -l "\`BUG($1, " rtl/*.sv rtl/*/*.sv | head -1; }
name_of() { awk -F' *[|] *' -v n="$1" '$1 == n { print $2 }' $catalogue; }
is_legal() { awk -F' *[|] *' -v n="$1" '$1 == n && $4 == "legal" { found = 1 } END { exit !found }' $catalogue; }
source_of() { awk -F' *[|] *' -v n="$1" '$1 == n { print $3 }' $catalogue; }

# A bug without a line, or a line without an entry, is a mistake in the catalogue.
for n in $(numbers_of); do [ -n "$(file_of "$n")" ] || { echo "bugs: no line has bug $n of $catalogue" >&2; exit 1; }; done
for n in $(grep -oh '`BUG([0-9]*,' rtl/*.sv rtl/*/*.sv | grep -o '[0-9]*' | sort -nu); do
  numbers_of | grep -qx "$n" || { echo "bugs: bug $n is not in $catalogue" >&2; exit 1; }
done

# Each prints how a run with a bug was stopped, or nothing.
scripts() {
  local file where
  for file in "${scripts[@]}"; do
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=0 timeout $patience build/pagewalk script --engine rtl "$file" >"$log" 2>&1 && continue
    where=$(grep -oE '[a-z-]+\.mmu:[0-9]+: expected' "$log" | head -1)
    if [ -n "$where" ]; then echo "${where%: expected}"; else echo "$(basename "$file"): hang"; fi
    return
  done
}
assertions() {
  local file claim first=
  for file in "${scripts[@]}"; do
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=1 timeout $patience build/pagewalk script --engine rtl "$file" >"$log" 2>&1 && continue
    claim=$(grep -oE 'Assertion failed in [A-Za-z0-9_.[]+[]A-Za-z0-9_.]*' "$log" | head -1 | sed 's/.*\.//')
    [ -z "$claim" ] || echo "$claim $1" >>"$fired"
    [ -n "$first" ] || first=$claim
  done
  [ -z "$first" ] || echo "$first"
}
judge() {
  local file
  for file in "${scripts[@]}"; do
    sed -e 's/ *=>.*//' -e '/^check/d' "$file" >"$bare"
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=0 timeout $patience build/pagewalk-fuzz --engine rtl --replay "$bare" >"$log" 2>&1 && continue
    basename "$file"
    return
  done
  random_software "$1" rtl
}
lockstep() {
  [ "${LOCKSTEP:-1}" = 0 ] && { echo "not run"; return; }
  random_software "$1" both
}
random_software() { # bug, engine
  local machine tried=0 n
  for machine in "${machines[@]}"; do
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=0 timeout $((4 * patience)) \
      build/pagewalk-fuzz --engine "$2" --geometry "$machine" --count "$cases" --no-shrink >"$log" 2>&1
    case $? in
      0) tried=$((tried + cases)) ;;
      1) n=$(sed -n 's/^case .*, seed \([0-9]*\), .*/\1/p' "$log" | tail -1)
        echo "case $((tried + ${n:-1}))"
        return ;;
      *) echo hang; return ;;
    esac
  done
}

numbers=("$@")
for n in "$@"; do
  numbers_of | grep -qxe "$n" || { echo "bugs: $catalogue has no bug '$n': give numbers that it has" >&2; exit 1; }
done
[ ${#numbers[@]} -gt 0 ] || mapfile -t numbers < <(numbers_of)

# Without a bug, in the same build, nothing may complain.
for column in "${columns[@]}"; do
  how=$($column 0)
  [ -z "$how" ] || [ "$how" = "not run" ] || { echo "bugs: the $column complain without a bug: $how" >&2; exit 1; }
done

patience=15
missed=0 only_lockstep=0 unjudged=0
printf '| bug | file | what is wrong | scripts | assertions | judge | lockstep |\n|---|---|---|---|---|---|---|\n' | tee "$table"
for n in "${numbers[@]}"; do
  row="| $n | $(file_of "$n") | $(name_of "$n") |" directed= any=
  for column in "${columns[@]}"; do
    how=$($column "$n")
    [ -z "$how" ] || [ "$how" = "not run" ] || { any=1; [ "$column" = lockstep ] || directed=1; }
    if [ "$column" = judge ] && [ -z "$how" ]; then
      if is_legal "$n"; then how='(legal)'; else unjudged=$((unjudged + 1)); fi
    fi
    row+=" ${how:--} |"
  done
  echo "$row" | tee -a "$table"
  [ -n "$any" ] || missed=$((missed + 1))
  [ -z "$any" ] || [ -n "$directed" ] || only_lockstep=$((only_lockstep + 1))
done
summary="${#numbers[@]} bugs, $((${#numbers[@]} - missed)) caught, $only_lockstep of them by the lockstep alone; $unjudged that break a rule and that the judge does not notice"
echo "$summary"

if [ -n "$write" ]; then
  {
    echo "# The bug catalogue and what catches it"
    echo
    echo "Written by \`make bugs WRITE=1\`. What the columns are: \`scripts/bugs.sh\`. - means that the column does not notice."
    echo
    cat "$table"
    echo
    echo "$summary."
    echo
    echo "## Properties seen to fire"
    echo
    echo "By which claims of rtl/check/ (docs/properties.md) runs of the scripts ended; the first to fire ends a run."
    echo
    echo "| property | bugs |"
    echo "|---|---|"
    sort -u "$fired" | awk '{ of[$1] = of[$1] " " $2 } END { for (c in of) print c " |" of[c] }' | sort | sed 's/.*/| & |/'
    echo
    echo "## Where such bugs were seen"
    echo
    echo "| bug | seen in |"
    echo "|---|---|"
    for n in "${numbers[@]}"; do echo "| $n | $(source_of "$n") |"; done
  } >docs/bugs.md
fi
[ "$missed" -eq 0 ] && [ "$only_lockstep" -eq 0 ] && [ "$unjudged" -eq 0 ]
