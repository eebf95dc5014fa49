#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fuzz_parsers.sh "PARSER..." COUNT SEED: runs the fuzzers of tests/parsers/ under libFuzzer, COUNT executions in all, two
# at a time; slow parsers get a smaller share. What they find is left in build/libfuzzer/found/; what they learn stays in
# build/libfuzzer/corpus/.
set -euo pipefail
cd "$(dirname "$0")/.."
read -ra parsers <<<"$1"
count=$2 seed=$3

for parser in "${parsers[@]}"; do
  [ -e "tests/parsers/fuzz_$parser.c" ] && continue
  echo "fuzz-parsers: there is no parser '$parser'; there are: $(cd tests/parsers && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//' | tr '\n' ' ')" >&2
  exit 1
done
[[ $count =~ ^[0-9]+$ ]] || { echo "fuzz-parsers: COUNT='$count' is no number of executions" >&2; exit 1; }

make "${parsers[@]/#/build/libfuzzer/fuzz_}"
mkdir -p build/libfuzzer/found

seeds_of() {
  echo "tests/parsers/corpus/$1"
  case $1 in
    script) echo tests/timelines ;;
    yaml) echo configs ;;
  esac
}

# Most make ten thousand executions a second; those that run things or look for the word that was meant, fewer.
weight() {
  case $1 in set) echo 1 ;; script | yaml) echo 5 ;; *) echo 25 ;; esac
}
weights=0
for parser in "${parsers[@]}"; do weights=$((weights + $(weight "$parser"))); done

# -max_len: parsers of lines show all they have in little; -reload=0 and the seed: the same run each time.
fuzz() {
  local parser=$1 log=build/libfuzzer/$1.log longest=1024 runs
  case $parser in set | generate) longest=64 ;; elf) longest=4096 ;; esac
  runs=$((count * $(weight "$parser") / weights + 1))
  mkdir -p "build/libfuzzer/corpus/$parser"
  # shellcheck disable=SC2046
  if build/libfuzzer/fuzz_"$parser" -runs="$runs" -seed="$seed" -max_len="$longest" -timeout=20 -rss_limit_mb=4096 -reload=0 \
    -print_final_stats=1 -close_fd_mask=0 -artifact_prefix="build/libfuzzer/found/$parser-" \
    "build/libfuzzer/corpus/$parser" $(seeds_of "$parser") >"$log" 2>&1; then
    printf '%-11s %s\n' "$parser" "$(awk '/number_of_executed_units/ {print $2 " executions, no finding"}' "$log")"
  else
    printf '%-11s FOUND something: %s\n' "$parser" "$log"
    grep -E 'does not hold|runtime error|ERROR:|SUMMARY|Test unit written' "$log" || tail -5 "$log"
    return 1
  fi
}

failed=0
for ((i = 0; i < ${#parsers[@]}; i += 2)); do
  jobs=()
  for parser in "${parsers[@]:i:2}"; do
    fuzz "$parser" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
done
executions=0
for parser in "${parsers[@]}"; do
  executions=$((executions + $(awk '/number_of_executed_units/ {n = $2} END {print n + 0}' "build/libfuzzer/$parser.log")))
done
echo "fuzz-parsers: $executions executions of ${#parsers[@]} parsers, $([ "$failed" -eq 0 ] && echo no finding || echo FINDINGS)"
exit "$failed"
