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
both Sets=4 Ways=3 Policy=2 LargeSets=1 LargeWays=3                    # FIFO
both Sets=4 Ways=3 Policy=3 LargeSets=2 LargeWays=1                    # not recently used
both Sets=4 Ways=3 Policy=4 LargeSets=0 LargeWays=1                    # random

everything=(-GStlbSets=8 -GStlbWays=3 -GPscPde=4 -GPscPdpte=3 -GPscPml4e=2 -GPscPml5e=1
  -GL1dSets=64 -GL1dWays=8 -GL2Sets=1024 -GL2Ways=8 -GDataTimed="1'd1")
lint "${everything[@]}"
lint "${everything[@]}" -GBypass="1'd1"
lint -GWalkers=2                                                       # a walker for each port
lint "${everything[@]}" -GWalkers=2
lint "${everything[@]}" -GWalkers=2 -GPrefetch=1 -GDramBanks=64        # next page, open rows
lint -GPrefetch=1 -GBypass="1'd1"
lint "${everything[@]}" -GPrefetch=2 -GBypass="1'd1"                   # adjacent entries
lint -GWalkers=2 -GPrefetch=2
lint "${everything[@]}" -GWalkers=2 -GBypass="1'd1" -GDtlbPolicy=3 -GItlbPolicy=4 -GStlbPolicy=2 -GStlbLargeSets=2
lint -GStlbSets=128 -GStlbWays=12 -GStlbLargeSets=1 -GStlbLargeWays=16 # the second level alone, large pages apart
lint -GPscPde=1                                                        # one walk cache
lint -GL2Sets=1 -GL2Ways=4 -GL3Sets=1 -GL3Ways=16 -GCacheEntry=1       # no L1D; fully associative

# The subset of the leaf modules (docs/rtl.md) is what yosys reads.
if command -v yosys >/dev/null; then
  leaves=(rtl/permission.sv rtl/segment/segment_unit.sv rtl/tlb/tlb_array.sv rtl/tlb/replace*.sv
    rtl/walk/{entry_decode,level_table,walker,walk_cache}.sv rtl/memory/{timing_cache,timing_caches,dram}.sv)
  for top in segment_unit replacement tlb_array walker walk_cache timing_caches dram; do
    yosys -q -p "read_verilog -sv $package ${leaves[*]}; hierarchy -check -top $top; proc; check -assert"
  done
fi
