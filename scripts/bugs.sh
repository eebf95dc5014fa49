#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bugs.sh [--write] [NUMBER...]: runs the tests against each deliberate bug of rtl/bugs/catalogue.txt (or those named) and
# prints what catches it. Fails if one is caught by nothing, or by the lockstep alone. --write: docs/bugs.md gets the table.
#
#   scripts     tests/bugs/*.mmu: expectations of directed scripts, no assertions; the line of the first that is not met
#   judge       the same scripts, their expectations ignored: the independent judge of csrc/fuzz/ looks at the answers
#   assertions  the same scripts in a build with the claims of rtl/check/: the first that fails
#   lockstep    random software against the model (one campaign of `make test TEST=lockstep`), no assertions
#
# All in one kind of build: PAGEWALK_BUG chooses the bug when a machine starts. LOCKSTEP=0 leaves out that column.
set -uo pipefail
cd "$(dirname "$0")/.."

catalogue=rtl/bugs/catalogue.txt
write=
[ "${1:-}" = --write ] && write=1 && shift
columns=(scripts judge assertions lockstep)
scripts=(tests/bugs/*.mmu)
export PAGEWALK_QUICK_BUILD=1 ASAN_OPTIONS=detect_leaks=0
patience=900  # seconds for a program: at first it may have to build
log=$(mktemp) table=$(mktemp) bare=$(mktemp --suffix=.mmu)
trap 'rm -f "$log" "$table" "$bare"' EXIT

numbers_of() { awk -F' *[|] *' '/^[0-9]/ { print $1 }' $catalogue; }
line_of() { grep -n "\`BUG($1, " rtl/*.sv rtl/*/*.sv | head -1 | cut -d: -f1,2; }
name_of() { awk -F' *[|] *' -v n="$1" '$1 == n { print $2 }' $catalogue; }
source_of() { awk -F' *[|] *' -v n="$1" '$1 == n { print $3 }' $catalogue; }

# A bug without a line, or a line without an entry, is a mistake in the catalogue.
for n in $(numbers_of); do [ -n "$(line_of "$n")" ] || { echo "bugs: no line has bug $n of $catalogue" >&2; exit 1; }; done
for n in $(grep -oh '`BUG([0-9]*,' rtl/*.sv rtl/*/*.sv | grep -o '[0-9]*' | sort -nu); do
  numbers_of | grep -qx "$n" || { echo "bugs: bug $n is not in $catalogue" >&2; exit 1; }
done

# Each prints how a run with a bug was stopped, or nothing.
ended() { # exit status: 0, 1 (a test failed, or a signal of the program's own: a hang, an assertion), 124 (too long)
  case $1 in 0) ;; 124) echo hang ;; *) grep -qE 'owes|stuck|watchdog|nothing.*under way' "$log" && echo hang || echo failed ;; esac
}
scripts() {
  local file
  for file in "${scripts[@]}"; do
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=0 timeout $patience build/pagewalk script --engine rtl "$file" >"$log" 2>&1 && continue
    local where
    where=$(grep -oE '[a-z-]+\.mmu:[0-9]+: expected' "$log" | head -1)
    if [ -n "$where" ]; then echo "${where%: expected}"; else echo "$(basename "$file"): hang"; fi
    return
  done
}
judge() {
  local file
  for file in "${scripts[@]}"; do
    sed -e 's/ *=>.*//' -e '/^check/d' "$file" >"$bare"
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=0 timeout $patience build/pagewalk-fuzz --engine rtl --replay "$bare" >"$log" 2>&1
    ended $? | grep . && return
  done
}
assertions() {
  local file
  for file in "${scripts[@]}"; do
    PAGEWALK_BUG=$1 PAGEWALK_ASSERT=1 timeout $patience build/pagewalk script --engine rtl "$file" >"$log" 2>&1
    grep -oE 'Assertion failed in [A-Za-z0-9_.[]+[]A-Za-z0-9_.]*' "$log" | head -1 | sed 's/.*\.//' | grep . && return
  done
}
lockstep() {
  [ "${LOCKSTEP:-1}" = 0 ] && { echo "not run"; return; }
  PAGEWALK_BUG=$1 PAGEWALK_TEST_FILTER='whole_machine_agrees' PAGEWALK_ASSERT=0 \
    timeout $patience build/tests/lockstep/test_lockstep >"$log" 2>&1
  ended $?
}

numbers=("$@")
[ ${#numbers[@]} -gt 0 ] || mapfile -t numbers < <(numbers_of)

# Without a bug, in the same build, nothing may complain.
for column in "${columns[@]}"; do
  how=$($column 0)
  [ -z "$how" ] || [ "$how" = "not run" ] || { echo "bugs: the $column complain without a bug: $how" >&2; exit 1; }
done

patience=15
missed=0 only_lockstep=0
printf '| bug | line | what is wrong | scripts | judge | assertions | lockstep |\n|---|---|---|---|---|---|---|\n' | tee "$table"
for n in "${numbers[@]}"; do
  row="| $n | $(line_of "$n") | $(name_of "$n") |" directed= any=
  for column in "${columns[@]}"; do
    how=$($column "$n")
    [ -z "$how" ] || [ "$how" = "not run" ] || { any=1; [ "$column" = lockstep ] || directed=1; }
    row+=" ${how:--} |"
  done
  echo "$row" | tee -a "$table"
  [ -n "$any" ] || missed=$((missed + 1))
  [ -z "$any" ] || [ -n "$directed" ] || only_lockstep=$((only_lockstep + 1))
done
summary="${#numbers[@]} bugs, $((${#numbers[@]} - missed)) caught, $only_lockstep of them by the lockstep alone"
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
    echo "## Where such bugs were seen"
    echo
    echo "| bug | seen in |"
    echo "|---|---|"
    for n in "${numbers[@]}"; do echo "| $n | $(source_of "$n") |"; done
  } >docs/bugs.md
fi
[ "$missed" -eq 0 ] && [ "$only_lockstep" -eq 0 ]
