#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# fire.sh: which properties of rtl/check/ can fail at all. Each check module stands by itself, with random signals on its
# inputs, in one Verilated bench; prints the name of every property that fails there.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/fire
rm -rf $out && mkdir -p $out

# module | its parameters
settings=(
  "arbiter_check|Walkers=1"
  "arbiter_check|Walkers=2"
  "miss_unit_check|"
  "mmu_check|Walkers=1"
  "mmu_top_check|Slots=2"
  "timing_cache_check|Ways=2 Walkers=2 Requests=2 Ops=2 Count=2 SetBits=1 WayWidth=1 RowWidth=$((2 * (1 + 1 + 45)))"
  "tlb_array_check|Sets=2 Ways=2 Ports=1 KeyWidth=3"
  "tlb_array_check|Sets=2 Ways=2 Ports=2 KeyWidth=3"
  "walk_cache_check|Entries=2 OrderWidth=2 KeyWidth=16"
  "walker_check|"
  "tlb_array_claims|Sets=2 Ways=2 EntryWidth=51"
  "replacement_check|Policy=0 Ways=3 WayWidth=2"
  "replacement_check|Policy=3 Ways=4 WayWidth=2 StateWidth=4"
  "replacement_check|Policy=4 Ways=4 WayWidth=2 StateWidth=16"
  "replacement_claims|Policy=0 Ways=3 WayWidth=2"
  "replacement_claims|Policy=1 Ways=4 WayWidth=2"
  "replacement_claims|Policy=2 Ways=4 WayWidth=2"
  "replacement_claims|Policy=3 Ways=4 WayWidth=2"
)

# The module's ports and parameters, as declarations with random values; a module around it.
bench() { # number, module, parameters
  awk -v n="$1" -v module="$2" -v given="$3" '
    BEGIN { count = split(given, pairs, " "); for (i = 1; i <= count; i++) { split(pairs[i], p, "="); value[p[1]] = p[2] } }
    $1 == "module" { inside = $2 == module; if (inside) print "module bench_" n " (input logic clk);" }
    !inside { next }
    /^`ifdef YOSYS/ { skip = 1 }
    /^`endif/ { skip = 0 }
    skip { next }
    { sub(/ *\/\/.*/, "") }
    $1 == "parameter" {
      line = $0; sub(/,$/, "", line); sub(/parameter/, "localparam", line)
      name = line; sub(/ *=.*/, "", name); sub(/.* /, "", name)
      if (name in value) sub(/=.*/, "= " value[name], line)
      print line ";"
      names = names (names ? ", " : "") "." name "(" name ")"
    }
    $1 == "input" {
      line = $0; sub(/^ *input */, "", line); sub(/,$/, "", line)
      signal = line; dims = ""
      if (match(signal, /\[[^]]*\]$/)) { dims = substr(signal, RSTART); signal = substr(signal, 1, RSTART - 1) }
      sub(/.* /, "", signal)
      type = line; sub(/ *[A-Za-z_0-9]*(\[[^]]*\])?$/, "", type)
      if (signal == "clk_i") next
      print "  " line ";"
      if (signal == "rst_ni") drawn = drawn "    rst_ni <= $urandom % 32 != 0;\n"
      else if (type ~ /_e$/) drawn = drawn "    " signal " <= " type "\x27(bench_pkg::draw());\n"
      else if (dims != "") drawn = drawn "    for (int i = 0; i < $size(" signal "); i++) " signal "[i] <= $bits(" signal "[0])\x27(bench_pkg::draw());\n"
      else drawn = drawn "    " signal " <= $bits(" signal ")\x27(bench_pkg::draw());\n"
    }
    /^\);/ {
      print "  always @(posedge clk) begin\n" drawn "  end"
      print "  " module (names ? " #(" names ")" : "") " check (.clk_i(clk), .*);\nendmodule"
      exit
    }' rtl/check/*_check.sv rtl/check/*_claims.sv
}

{
  echo 'package bench_pkg;'
  echo '  function automatic logic [1023:0] draw();  // often the same few values'
  echo '    case ($urandom % 8)'
  echo "      0, 1, 2: draw = '0;"
  echo "      3, 4: draw = '1;"
  echo '      5: draw = 1024'"'"'($urandom % 4);'
  echo '      default: for (int i = 0; i < 32; i++) draw[32*i+:32] = $urandom & $urandom;'
  echo '    endcase'
  echo '  endfunction'
  echo 'endpackage'
  n=0
  for setting in "${settings[@]}"; do bench $((++n)) "${setting%%|*}" "${setting#*|}"; done
  echo 'module bench (input logic clk);'
  for ((i = 1; i <= n; i++)); do echo "  bench_$i b$i (.clk);"; done
  echo 'endmodule'
} >$out/bench.sv
for file in rtl/check/*_check.sv rtl/check/*_claims.sv; do
  awk '/^bind/ { bound = 1 } !bound; /;/ { bound = 0 }' "$file" >"$out/$(basename "$file")"
done
cat >$out/main.cpp <<'END'
#include <verilated.h>

#include "Vbench.h"
void vl_stop(const char*, int, const char*) {}  // goes on: the next property
int main() {
  Verilated::randSeed(1);
  Verilated::assertOn(true);
  Vbench bench;
  for (int edge = 0; edge < 2 * 4000; edge++) {
    bench.clk = edge & 1;
    bench.eval();
  }
}
END
verilator --cc --exe --build -j 1 --assert -Wno-lint -Wno-style -Wno-fatal -O0 --x-initial 0 --top-module bench --Mdir $out/obj \
  -CFLAGS "-DVL_USER_STOP -O0" rtl/mmu_pkg.sv $out/*.sv $PWD/$out/main.cpp >$out/log 2>&1 || { tail -20 $out/log >&2; exit 1; }
$out/obj/Vbench | grep -oE 'Assertion failed in [^:]+' | sed 's/.*\.//' | sort -u
