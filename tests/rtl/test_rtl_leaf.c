// SPDX-License-Identifier: MIT
// Leaf modules alone, against naive references in SystemVerilog: the benches in tests/rtl/leaf/, each a program that
// Verilator builds under build/leaf/ (again only when a source has changed).
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "rtl/tool.h"

static void bench(const char* name, const char* modules) {
  char command[2048], text[4096];
  snprintf(command, sizeof command,
           "mkdir -p build/leaf && verilator --binary --assert -j 2 -O3 -Wno-fatal -Wno-WIDTH --timescale 1ns/1ns "
           "--Mdir build/leaf/%s --top-module %s -MAKEFLAGS \"OPT_FAST=-O1 OBJCACHE=$(command -v ccache)\" "
           "rtl/mmu_pkg.sv %s tests/rtl/leaf/%s.sv",
           name, name, modules, name);
  int status = tool_run(command, text, sizeof text);
  if (status != 0) fail_msg("building %s: %s", name, text);

  snprintf(command, sizeof command, "build/leaf/%s/V%s", name, name);
  status = tool_run(command, text, sizeof text);
  const char* good = strstr(text, "good: ");
  unsigned operations = 0;
  if (status != 0 || !good || sscanf(good, "good: %u operations", &operations) != 1) fail_msg("%s", text);
  assert_in_range(operations, 100000, UINT32_MAX);
}

static void replacement_policies(void** state) {
  (void)state;
  bench("replace_bench",
        "rtl/tlb/replace_lru.sv rtl/tlb/replace_plru.sv rtl/tlb/replace_fifo.sv rtl/tlb/replace_nru.sv "
        "rtl/tlb/replace_random.sv rtl/tlb/replace_step.sv rtl/tlb/replacement.sv rtl/check/replacement_check.sv");
}

static void walk_cache(void** state) {
  (void)state;
  bench("walk_cache_bench", "rtl/walk/walk_cache.sv rtl/check/walk_cache_check.sv");
}

static void timing_caches(void** state) {
  (void)state;
  bench("timing_caches_bench",
        "rtl/memory/timing_cache.sv rtl/memory/timing_caches.sv rtl/check/timing_cache_check.sv");
}

static void open_rows(void** state) {
  (void)state;
  bench("dram_bench", "rtl/memory/dram.sv");
}

static void next_page_prefetches(void** state) {
  (void)state;
  bench("prefetcher_bench",
        "rtl/permission.sv rtl/walk/level_table.sv rtl/walk/entry_decode.sv rtl/walk/walker.sv rtl/walk/prefetcher.sv");
}

static void counts(void** state) {
  (void)state;
  bench("counters_bench", "rtl/counters.sv");
}

static void late_replies(void** state) {
  (void)state;
  bench("epoch_bench",
        "$(find rtl -name '*.sv' -not -name mmu_pkg.sv -not -path 'rtl/check/*') rtl/check/mmu_top_check.sv");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(replacement_policies), cmocka_unit_test(walk_cache),
    cmocka_unit_test(timing_caches),        cmocka_unit_test(open_rows),
    cmocka_unit_test(next_page_prefetches), cmocka_unit_test(counts),
    cmocka_unit_test(late_replies),
};
TEST_MAIN(tests)
