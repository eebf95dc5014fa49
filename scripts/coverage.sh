#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# coverage.sh: what the tests reach. Three tables and HTML under build/coverage:
#   functional  the crosses of csrc/fuzz/coverage.c (build/pagewalk-fuzz --coverage)
#   RTL         blocks and toggles (verilator --coverage, scripts/coverage_rtl.awk). Both engines in lockstep play random
#               software on four machines, which together have every part (csrc/fuzz/geometries.c), and all directed
#               scripts on a fifth. What is never reached must have its reason in rtl/coverage.txt, else the call fails
#   C           lines of csrc/ and firmware/ (gcov) over `make test`'s programs; HTML by lcov, if it is installed
# PARTS="functional rtl c" chooses; TESTS="NAME..." the test programs of the last.
set -uo pipefail
cd "$(dirname "$0")/.."
out=build/coverage
mkdir -p $out
machines=${MACHINES:-adjacent next-page next-page-bare two-walkers-other}
parts=${PARTS:-functional rtl c}
failed=0

functional() {
  echo "## Functional coverage"
  build/pagewalk-fuzz --engine model --count "${COUNT:-6000}" --coverage | tee $out/functional.txt || failed=1
}

# A script for the machine of tests/coverage: its own words about the machine's parts, and what it expects, left out.
for_machine() { # script
  grep '^set ' tests/coverage/debug.mmu | sed 's/ [^ ]*latency=[0-9]*//g'
  awk '/^check/ { next }
    /^set / {
      kept = ""
      for (i = 2; i <= NF && $i !~ /^#/; i++)
        if ($i !~ /(sets|ways|replacement|walkers|prefetch|banks|cache[.]walker|data[.]cache)=|^psc[.]|^(dram|cache).*=1$/)
          kept = kept " " $i
      if (kept) print "set" kept
      next
    }
    { sub(/ *=>.*/, ""); print }' "$1"
}

# Starts what leaves a file of coverage, when a processor is free.
collect() { # name, command...
  local name=$1
  shift
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
  mkdir -p "$data/$name"
  { PAGEWALK_COVERAGE=$data/$name "$@" >"$data/$name/log" 2>&1 || touch "$data/$name/failed"; } &
}

rtl() {
  echo "## Blocks and toggles of the RTL"
  local data=$PWD/$out/rtl file machine seed name
  rm -rf "$data" && mkdir -p "$data"
  export PAGEWALK_ASSERT=0 PAGEWALK_QUICK_BUILD=1
  for ((seed = 1; seed <= ${RTL_COUNT:-5}; seed++)); do
    for machine in $machines; do
      collect "$machine-$seed" build/pagewalk-fuzz --engine both --geometry "$machine" --seed "$seed" --count 1 --no-shrink
    done
  done
  for file in tests/coverage/*.mmu; do
    name=$(basename "$file" .mmu)
    collect "$name" build/pagewalk script --engine both "$file"
  done
  mkdir "$data/scripts"
  for file in tests/{timelines,bugs}/*.mmu; do
    name=$(basename "$(dirname "$file")")-$(basename "$file" .mmu)
    for_machine "$file" >"$data/scripts/$name.mmu"
    collect "$name" build/pagewalk script --engine both "$data/scripts/$name.mmu"
  done
  wait
  for file in "$data"/*/failed; do
    [ -e "$file" ] && { echo "coverage: see ${file%failed}log" >&2; failed=1; }
  done
  verilator_coverage --write "$data/merged.dat" "$data"/*/*.dat >"$data/log" 2>&1 || { echo "coverage: see $data/log" >&2; failed=1; return; }
  verilator_coverage --annotate "$out/lines" --annotate-min 1 "$data/merged.dat" >>"$data/log" 2>&1
  rm -f "$data"/*/*.dat
  LC_ALL=C awk -v out="$data" -f scripts/coverage_rtl.awk rtl/coverage.txt "$data/merged.dat"
  echo "| file | blocks | reached | % | bits | changed | % |"
  echo "|---|---|---|---|---|---|---|"
  sort "$data/table" | sed 's/| ~all /| all /'
  sort -t: -k1,1 -k2,2n "$data/never" | sed 's/^/never reached, and rtl\/coverage.txt gives no reason: /'
  sort "$data/needless" | sed 's/^/reached, though rtl\/coverage.txt gives a reason why not: /'
  if [ -s "$data/never" ] || [ -s "$data/needless" ]; then failed=1; fi
}

programs() { # of TESTS, or all, as targets
  local name
  if [ -n "${TESTS:-}" ]; then
    for name in $TESTS; do ls tests/*/test_"$name".c; done
  else
    ls tests/*/test_*.c
  fi | sed 's|^\(.*\)\.c$|build/\1|'
}

c() {
  echo "## Lines of C"
  # a copy of the sources, so that its objects lie by themselves; RTL builds are shared. Tests speak to the leak sanitizer
  local tree=$PWD/$out/c flags="-O0 --coverage -fprofile-update=atomic"
  rm -rf "$tree" && mkdir -p "$tree/build"
  git ls-files -z | xargs -0 cp --parents -t "$tree"
  ln -s "$PWD/build/rtl" "$tree/build/rtl"
  mkdir -p build/rtl
  (cd "$tree" && make -j"$(nproc)" SANITIZE="$flags -fsanitize=leak" RELEASE="$flags" build/pagewalk $(programs)
    # tests of full disks: gcov would complain of them, too
    GCOV_ERROR_FILE=/dev/null scripts/test.sh $(programs)) >"$tree/log" 2>&1 || { echo "coverage: see $tree/log" >&2; failed=1; }
  tail -1 "$tree/log"
  (cd "$tree" && find build/sanitize build/release -name '*.gcda' -exec gcov -r -s "$tree" {} + >gcov.log 2>/dev/null)
  echo "| folder | lines | reached | % |"
  echo "|---|---|---|---|"
  awk -F"'" '/^File/ { file = $2; sub(/\/[^\/]*$/, "", file) }
    /^Lines executed/ { split($0, part, /[:%]| of /); n = part[length(part)]
      if (file ~ /^(csrc|firmware)/) { hit[file] += part[2] * n / 100; all[file] += n } file = "" }
    END { for (f in all) { printf "| %s | %d | %d | %.1f |\n", f, all[f], hit[f] + 0.5, 100 * hit[f] / all[f]; h += hit[f]; a += all[f] }
          if (a) printf "| ~all | %d | %d | %.1f |\n", a, h + 0.5, 100 * h / a }' "$tree/gcov.log" | sort | sed 's/| ~all /| all /'
  if command -v lcov >/dev/null; then
    lcov -q -c -d "$tree/build/sanitize" -d "$tree/build/release" -o "$tree/info" >/dev/null 2>&1 && genhtml -q -o "$out/html" "$tree/info" >/dev/null 2>&1 &&
      echo "HTML: $out/html/index.html"
  fi
}

for part in $parts; do $part; done
exit $failed
