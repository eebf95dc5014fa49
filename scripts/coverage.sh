#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# coverage.sh: what the tests reach. Three tables and HTML under build/coverage:
#   functional  the crosses of csrc/fuzz/coverage.c (build/pagewalk-fuzz --coverage)
#   RTL         lines and toggles (verilator --coverage), over random software on the machines of MACHINES, which together have
#               every part. Each line never reached must have its reason in rtl/coverage.txt, else the call fails
#   C           lines of csrc/ and firmware/ (gcov) over `make test`'s programs; HTML by lcov, if it is installed
# PARTS="functional rtl c" chooses; TESTS="NAME..." the test programs of the last.
set -uo pipefail
cd "$(dirname "$0")/.."
out=build/coverage
mkdir -p $out
parts=${PARTS:-functional rtl c}
failed=0

functional() {
  echo "## Functional coverage"
  build/pagewalk-fuzz --engine model --count "${COUNT:-6000}" --coverage | tee $out/functional.txt
}

rtl() {
  echo "## Lines and toggles of the RTL"
  local data=$PWD/$out/rtl
  rm -rf "$data" && mkdir -p "$data"
  export PAGEWALK_COVERAGE=$data PAGEWALK_ASSERT=0 PAGEWALK_QUICK_BUILD=1
  local machine seed
  # a process a case: each leaves one file
  for machine in ${MACHINES:-other two-walkers next-page-bare adjacent}; do
    for ((seed = 1; seed <= ${RTL_COUNT:-40}; seed++)); do
      build/pagewalk-fuzz --engine rtl --geometry "$machine" --seed "$seed" --count 1 >>"$data/log" 2>&1 ||
        { echo "coverage: see $data/log" >&2; failed=1; }
    done
  done
  verilator_coverage --annotate "$data/lines" --annotate-min 1 "$data"/*.dat >"$data/summary" 2>&1
  awk '
    FNR == 1 { file = FILENAME; sub(/.*\//, "", file) }
    /^[ %~+-]*0*[0-9]+[ \t]/ { match($0, /[0-9]+/); n = substr($0, RSTART, RLENGTH) + 0; points[file]++; if (n > 0) hit[file]++ }
    END { for (f in points) { printf "| %s | %d | %d | %.1f |\n", f, points[f], hit[f], 100 * hit[f] / points[f]; p += points[f]; h += hit[f] }
          printf "| all | %d | %d | %.1f |\n", p, h, 100 * h / p }' "$data"/lines/*.sv | sort >"$data/table"
  echo "| file | points | reached | % |"
  echo "|---|---|---|---|"
  cat "$data/table"
  # lines that no machine reaches, against the reasons given
  grep -H '^%0*0[[:space:]]' "$data"/lines/*.sv | grep -v 'next point on previous line' |
    sed -E 's|.*/([a-z_]+\.sv):%0*0[[:space:]]*|\1: |; s/ *$//' | sort -u >"$data/never"
  local missing=0 line
  while IFS= read -r line; do
    awk -F' => ' -v line="$line" '!/^#/ && NF == 2 && index(line, $1) == 1 { found = 1 } END { exit !found }' rtl/coverage.txt || {
      echo "never reached, and rtl/coverage.txt gives no reason: $line"
      missing=$((missing + 1))
    }
  done <"$data/never"
  echo "$(wc -l <"$data/never") lines never reached, $missing of them without a reason"
  [ "$missing" -eq 0 ] || failed=1
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
  # a copy of the sources, so that its objects lie by themselves; RTL builds are shared
  local tree=$PWD/$out/c
  rm -rf "$tree" && mkdir -p "$tree/build"
  git ls-files -z | xargs -0 cp --parents -t "$tree"
  ln -s "$PWD/build/rtl" "$tree/build/rtl"
  mkdir -p build/rtl
  (cd "$tree" && make -j"$(nproc)" SANITIZE="-O0 --coverage -fprofile-update=atomic" RELEASE="-O1" build/pagewalk $(programs)
    scripts/test.sh $(programs)) >"$tree/log" 2>&1
  tail -1 "$tree/log"
  (cd "$tree" && find build/sanitize -name '*.gcda' -exec gcov -r -s "$tree" {} + >gcov.log 2>/dev/null)
  echo "| folder | lines | reached | % |"
  echo "|---|---|---|---|"
  awk -F"'" '/^File/ { file = $2; sub(/\/[^\/]*$/, "", file) }
    /^Lines executed/ { split($0, part, /[:%]| of /); n = part[length(part)]
      if (file ~ /^(csrc|firmware)/) { hit[file] += part[2] * n / 100; all[file] += n } file = "" }
    END { for (f in all) { printf "| %s | %d | %d | %.1f |\n", f, all[f], hit[f] + 0.5, 100 * hit[f] / all[f]; h += hit[f]; a += all[f] }
          if (a) printf "| ~all | %d | %d | %.1f |\n", a, h + 0.5, 100 * h / a }' "$tree/gcov.log" | sort | sed 's/| ~all /| all /'
  if command -v lcov >/dev/null; then
    lcov -q -c -d "$tree/build/sanitize" -o "$tree/info" >/dev/null 2>&1 && genhtml -q -o "$out/html" "$tree/info" >/dev/null 2>&1 &&
      echo "HTML: $out/html/index.html"
  fi
}

for part in $parts; do $part; done
exit $failed
