#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test.sh [--only NAME] [--case PATTERN] [--xml DIR] PROGRAM...: runs cmocka test programs, one after the other, and closes
# with one line of totals. NAME is a program's name (lockstep, or test_lockstep); PATTERN a cmocka filter (* and ?).
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

[ -n "$pattern" ] && export PAGEWALK_TEST_FILTER=$pattern
if [ -n "$xml" ]; then
  mkdir -p "$xml" && xml=$(cd "$xml" && pwd)
fi

passed=0 failed=0 programs=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
  name=$(basename "$program")
  [ -z "$only" ] || [ "$name" = "$only" ] || [ "$name" = "test_$only" ] || continue
  programs=$((programs + 1))
  printf -- '--- %s\n' "$name"
  if [ -n "$xml" ]; then
    rm -f "$xml/$name".*.xml
    CMOCKA_MESSAGE_OUTPUT=xml CMOCKA_XML_FILE="$xml/$name.%g.xml" "$program" >"$log" 2>&1
    status=$?
    p=$(cat "$xml/$name".*.xml 2>/dev/null | grep -c '<testcase')
    f=$(cat "$xml/$name".*.xml 2>/dev/null | grep -cE '<(failure|error)')
    p=$((p - f))
  else
    "$program" 2>&1 | tee "$log" | grep -vE '^\[ +(RUN|OK) +\]'
    status=${PIPESTATUS[0]}
    p=$(grep -cE '^\[ +OK +\]' "$log")
    f=$(grep -E '^\[ +FAILED +\] [a-z0-9_]+$' "$log" | sort -u | wc -l)
  fi
  # A program that dies (a sanitizer's report, a crash) fails even if no case did.
  if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1
    printf '%s died with exit status %d\n' "$name" "$status"
    [ -n "$xml" ] && cat "$log"
  fi
  passed=$((passed + p)) failed=$((failed + f))
done

if [ "$programs" -eq 0 ]; then
  echo "test: no test program is called '$only'; there are:" >&2
  for program in "$@"; do echo "  $(basename "$program")" >&2; done
  exit 1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
