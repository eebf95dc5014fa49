#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bugs.sh [--write] [NUMBER...]: runs the tests against each deliberate bug of rtl/bugs/catalogue.txt (or those named) and
# prints who catches it. Fails if one is caught by nobody. --write: the table goes into docs/bugs.md, too.
# All tests run in one kind of build; PAGEWALK_BUG chooses the bug when a machine starts.
set -uo pipefail
cd "$(dirname "$0")/.."

catalogue=rtl/bugs/catalogue.txt
write=
[ "${1:-}" = --write ] && write=1 && shift

# name of the column, program, cases that run the RTL
tests=(
  "units:rtl/test_rtl_whole:*" "units:rtl/test_rtl_walks:*" "units:rtl/test_rtl_arrays:*" "units:rtl/test_rtl_control:*"
  "units:rtl/test_rtl_faults:*" "units:rtl/test_rtl_ports:*"
  "timelines:script/test_timelines:the_rtl_*"
  "judge:fuzz/test_judge_timelines:*"
  "lockstep:lockstep/test_lockstep:*"
)
columns=(units timelines judge lockstep)
limit=${LIMIT:-300}  # seconds for a program

names() { awk -F' *[|] *' '/^[0-9]/ { print $1 }' $catalogue; }
line_of() { grep -n "\`BUG($1, " rtl/*.sv rtl/*/*.sv | head -1 | cut -d: -f1,2; }

# A bug without a line, or a line without an entry, is a mistake in the catalogue.
for n in $(names); do [ -n "$(line_of "$n")" ] || { echo "bugs: no line has bug $n of $catalogue" >&2; exit 1; }; done
for n in $(grep -oh '`BUG([0-9]*,' rtl/*.sv rtl/*/*.sv | grep -o '[0-9]*' | sort -nu); do
  names | grep -qx "$n" || { echo "bugs: bug $n is not in $catalogue" >&2; exit 1; }
done

logs=build/bugs
mkdir -p $logs
export PAGEWALK_COLOR=0 ASAN_OPTIONS=detect_leaks=0

# Runs a program against a bug. Prints how it ended: "-" passed, else what stopped it.
run() { # number, program, cases
  local log=$logs/$1-$(basename "$2").log status
  PAGEWALK_BUG=$1 PAGEWALK_TEST_FILTER=$3 timeout "$limit" build/tests/"$2" >"$log" 2>&1
  status=$?
  if [ $status -eq 0 ]; then
    echo -
  elif grep -q 'Assertion failed in' "$log"; then
    grep -o 'Assertion failed in [A-Za-z0-9_.]*' "$log" | head -1 | sed 's/.*\.//'
  elif grep -qiE 'nothing is under way|no answer|stuck' "$log" || [ $status -eq 124 ]; then
    echo hang
  else
    grep -E '^\[ +FAILED +\] [a-z0-9_]+$' "$log" | head -1 | awk '{ print $4 }' | grep . || echo "died ($status)"
  fi
}

numbers=("$@")
[ ${#numbers[@]} -gt 0 ] || mapfile -t numbers < <(names)

# A machine without a bug in the same build: the tests must pass.
for test in "${tests[@]}"; do
  IFS=: read -r column program cases <<<"$test"
  how=$(run 0 "$program" "$cases")
  [ "$how" = - ] || { echo "bugs: $program fails without a bug: $how (see $logs)" >&2; exit 1; }
done

table=$(mktemp) missed=0 only_lockstep=0
{
  echo "| bug | line | what is wrong | ${columns[*]} |" | sed 's/ \([a-z]* \)/ \1/' | awk '{ gsub(/units timelines judge lockstep/, "units | timelines | judge | lockstep"); print }'
  echo "|---|---|---|---|---|---|---|"
} | tee "$table"
for n in "${numbers[@]}"; do
  declare -A caught=()
  for test in "${tests[@]}"; do
    IFS=: read -r column program cases <<<"$test"
    [ -n "${caught[$column]:-}" ] && continue
    how=$(run "$n" "$program" "$cases")
    [ "$how" = - ] || caught[$column]=$how
  done
  row="| $n | $(line_of "$n") | $(awk -F' *[|] *' -v n="$n" '$1 == n { print $2 }' $catalogue) |"
  for column in "${columns[@]}"; do row+=" ${caught[$column]:--} |"; done
  echo "$row" | tee -a "$table"
  if [ ${#caught[@]} -eq 0 ]; then
    missed=$((missed + 1))
  elif [ -z "${caught[units]:-}${caught[timelines]:-}${caught[judge]:-}" ]; then
    only_lockstep=$((only_lockstep + 1))
  fi
done

echo "${#numbers[@]} bugs, $((${#numbers[@]} - missed)) caught, $only_lockstep of them by the lockstep alone"
if [ -n "$write" ]; then
  {
    echo "# The bug catalogue's kill table"
    echo
    echo "Written by \`make bugs WRITE=1\`; rtl/bugs/catalogue.txt says where each bug was seen in public. A cell names the first"
    echo "assertion or test case that stopped the column's first failing program, \`hang\` the watchdog; - means: not seen."
    echo
    cat "$table"
    echo
    echo "${#numbers[@]} bugs, $((${#numbers[@]} - missed)) caught, $only_lockstep of them by the lockstep alone."
  } >docs/bugs.md
fi
rm -f "$table"
[ "$missed" -eq 0 ]
