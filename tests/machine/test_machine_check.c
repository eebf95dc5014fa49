// SPDX-License-Identifier: MIT
// Page tables that point beyond the memory: a run ends with a report like a machine check's, and never hangs.
#include <string.h>

#include "check.h"
#include "machine/machine.h"

enum { FRAMES = 512, PAGE = 0x400000 };

static struct machine* machine;
static struct config config;

static int boot(void** state) {
  struct error err = {""};
  (void)state;
  config_default(&config);
  struct machine_params params = {.config = &config, .engine = ENGINE_MODEL, .frames = FRAMES};
  machine = machine_create(&params, &err);
  if (!machine) fail_msg("%s", err.text);
  int pid = kernel_spawn(machine_kernel(machine));
  assert_int_equal(kernel_map(machine_kernel(machine), pid, PAGE, PAGE + 0x2000, PROT_READ | PROT_WRITE), 0);
  assert_int_equal(kernel_switch(machine_kernel(machine), pid), 0);
  machine_start(machine);
  return 0;
}

static int end(void** state) {
  (void)state;
  machine_destroy(machine);
  return 0;
}

static uint64_t cr3(void) {
  uint64_t registers[5], pdptes[4];
  engine_registers(machine_engine(machine), registers, pdptes);
  return registers[CONTROL_CR3];
}

static void breaks(uint64_t va, const char* const* parts) {
  struct ref ref = {.va = va, .size = 4, .kind = ACCESS_WRITE, .flags = REF_USER};
  struct machine_run run;
  machine_play(machine, &ref, 1, true, NULL, &run);
  assert_int_equal(run.stop, MACHINE_BROKEN);
  assert_int_equal(run.done, 0);
  for (; *parts; parts++)
    if (!strstr(machine_trouble(machine), *parts)) fail_msg("no '%s' in: %s", *parts, machine_trouble(machine));
  machine_play(machine, &ref, 1, true, NULL, &run);  // nothing happens any more
  assert_int_equal(run.stop, MACHINE_BROKEN);
}

static void a_table_beyond_the_memory(void** state) {
  (void)state;
  ram_write_word(machine_ram(machine), (cr3() & ~4095u) + 4 * (PAGE >> 22), 4, 0xfff00067);
  breaks(PAGE + 0x1234, (const char* const[]){"machine check", "cycle", "read of 4 bytes at 0xfff00004",
                                              "the process's write to 0x401234", "ends at 0x200000", "CR3", NULL});
}

// The kernel needs its direct map to handle the process's first fault.
static void the_kernels_own_table_beyond_the_memory(void** state) {
  (void)state;
  for (unsigned i = 768; i < 1024; i++) ram_write_word(machine_ram(machine), (cr3() & ~4095u) + 4 * i, 4, 0xfff00067);
  struct control flush = {.op = CONTROL_CR4, .value = 0x10};  // large pages, no global ones: nothing survives
  engine_control(machine_engine(machine), &flush);
  breaks(PAGE, (const char* const[]){"machine check", "read of 4 bytes at 0xfff0", "the kernel's", NULL});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, end)
static const struct CMUnitTest tests[] = {TEST(a_table_beyond_the_memory),
                                          TEST(the_kernels_own_table_beyond_the_memory)};
TEST_MAIN(tests)
