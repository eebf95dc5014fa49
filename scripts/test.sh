#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test.sh [--only NAME] [--case PATTERN] [--xml DIR] PROGRAM...: runs cmocka test programs, as many at a time as there are
# processors (JOBS=n: n), prints what each said in the order given, and closes with one line of totals. NAME is a
# program's name (lockstep, or test_lockstep); PATTERN a cmocka filter (* and ?).
set -uo pipefail

only= pattern= xml=
while [ $# -gt 0 ]; do
  case $1 in
    --only) only=$2; shift 2 ;;
    --case) pattern=$2; shift 2 ;;
    --xml) xml=$2; shift 2 ;;
    *) break ;;
  esac
done
jobs=${JOBS:-$(nproc)}

[ -n "$pattern" ] && export PAGEWALK_TEST_FILTER=$pattern
if [ -n "$xml" ]; then
  mkdir -p "$xml" && xml=$(cd "$xml" && pwd)
fi

programs=()
for program in "$@"; do
  name=$(basename "$program")
  if [ -z "$only" ] || [ "$name" = "$only" ] || [ "$name" = "test_$only" ]; then programs+=("$program"); fi
done
if [ ${#programs[@]} -eq 0 ]; then
  echo "test: no test program is called '$only'; there are:" >&2
  for program in "$@"; do echo "  $(basename "$program")" >&2; done
  exit 1
fi

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM

start() {  # program
  local name
  name=$(basename "$1")
  if [ -n "$xml" ]; then
    rm -f "$xml/$name".*.xml
    CMOCKA_MESSAGE_OUTPUT=xml CMOCKA_XML_FILE="$xml/$name.%g.xml" "$1" >"$logs/$name" 2>&1 &
  else
    "$1" >"$logs/$name" 2>&1 &
  fi
}

passed=0 failed=0
report() {  # program, its exit status
  local name p f
  name=$(basename "$1")
  printf -- '--- %s\n' "$name"
  if [ -n "$xml" ]; then
    p=$(cat "$xml/$name".*.xml 2>/dev/null | grep -c '<testcase')
    f=$(cat "$xml/$name".*.xml 2>/dev/null | grep -cE '<(failure|error)')
    p=$((p - f))
  else
    grep -vE '^\[ +(RUN|OK) +\]' "$logs/$name"
    p=$(grep -cE '^\[ +OK +\]' "$logs/$name")
    f=$(grep -E '^\[ +FAILED +\] [a-z0-9_]+$' "$logs/$name" | sort -u | wc -l)
  fi
  # A program that dies (a sanitizer's report, a crash) fails even if no case did.
  if [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1
    printf '%s died with exit status %d\n' "$name" "$2"
    [ -n "$xml" ] && cat "$logs/$name"
  fi
  passed=$((passed + p)) failed=$((failed + f))
}

declare -A number  # by process
status=()
started=0 running=0
for ((next = 0; next < ${#programs[@]};)); do
  while [ "$running" -lt "$jobs" ] && [ "$started" -lt ${#programs[@]} ]; do
    start "${programs[started]}"
    number[$!]=$((started++))
    running=$((running + 1))
  done
  wait -n -p ended
  status[number[$ended]]=$?
  running=$((running - 1))
  while [ -n "${status[next]-}" ]; do
    report "${programs[next]}" "${status[next]}"
    next=$((next + 1))
  done
done

if [ -n "$pattern" ] && [ $((passed + failed)) -eq 0 ]; then
  if [ ${#programs[@]} -eq 1 ]; then
    printf "test: no case matches '%s'; %s has:\n" "$pattern" "$(basename "${programs[0]}")" >&2
    PAGEWALK_TEST_LIST=1 "${programs[0]}" | sed 's/^/  /' >&2
  else
    printf "test: no case of any program matches '%s'; with TEST=name, this tells a program's cases\n" "$pattern" >&2
  fi
  exit 1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
