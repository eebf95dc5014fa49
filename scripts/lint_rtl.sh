#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# lint_rtl.sh: verilator -Wall over the RTL in several geometries, and yosys over the leaf modules if it is installed.
# Waivers, each with its reason: rtl/lint.vlt.
set -euo pipefail
cd "$(dirname "$0")/.."

package=rtl/mmu_pkg.sv
mapfile -t modules < <(ls rtl/*.sv rtl/*/*.sv | grep -v -e "^$package\$" -e '^rtl/check/')
mapfile -t checks < <(ls rtl/check/*.sv)

lint() {
  verilator --lint-only -Wall --assert --unroll-count 4096 --unroll-stmts 200000 --top-module mmu_top "$@" \
    rtl/lint.vlt "$package" "${modules[@]}" "${checks[@]}"
}

both() { # NAME=VALUE... for the ITLB and the DTLB alike
  local arguments=() parameter
  for parameter in "$@"; do arguments+=("-GItlb$parameter" "-GDtlb$parameter"); done
  lint "${arguments[@]}"
}

lint                                                                   # the default machine
both Sets=1 Ways=4 Policy=1 LargeSets=1 LargeWays=2                    # tiny, tree-PLRU
both Sets=8 Ways=4 LargeSets=0 LargeWays=1                             # mixed: large pages in the main array
both Sets=1 Ways=64 LargeSets=2 LargeWays=4                            # fully associative
both Sets=4 Ways=1 Policy=1 LargeSets=1 LargeWays=1                    # direct-mapped
both Sets=2 Ways=3 LargeSets=0 LargeWays=1                             # ways not a power of two
lint -GBypass="1'd1"                                                   # memory that answers in the cycle asked

# The subset of the leaf modules (docs/rtl.md) is what yosys reads.
if command -v yosys >/dev/null; then
  leaves=(rtl/permission.sv rtl/tlb/tlb_array.sv rtl/tlb/replace_*.sv rtl/walk/*.sv)
  for top in tlb_array walker; do
    yosys -q -p "read_verilog -sv $package ${leaves[*]}; hierarchy -check -top $top; proc; check -assert"
  done
fi
