// SPDX-License-Identifier: MIT
// Programs as processes: image and arguments, system calls, round robin, the end.
#include <string.h>

#include "check.h"
#include "firmware/rig.h"
#include "kernel/state.h"

static struct rig rig;

static void a_program_runs_from_its_image_and_exits(void** state) {
  (void)state;
  const struct rig_step steps[] = {
      {RIG_CHECK, {RIG_DATA, rig_word(RIG_DATA)}},
      {RIG_CHECK, {RIG_DATA + RIG_DATA_FILE - 4, rig_word(RIG_DATA + RIG_DATA_FILE - 4)}},
      {RIG_CHECK, {RIG_DATA + RIG_DATA_FILE, 0}},
      {RIG_CHECK, {RIG_DATA + RIG_DATA_BYTES - 4, 0}},
      {RIG_STORE, {RIG_DATA + 8, 77}},
      {RIG_CHECK, {RIG_DATA + 8, 77}},
      {RIG_CALL, {4, 1, RIG_RODATA, 16}},
      {RIG_EAX, {16}},
      {RIG_CALL, {20}},
      {RIG_EAX, {1}},
      {RIG_EXIT, {42}},
  };
  for (enum kernel_paging paging = KERNEL_PAGING_32BIT; paging <= KERNEL_PAGING_5LEVEL; paging++) {
    rig_boot(&rig, &(struct kernel_params){.paging = paging}, (const struct rig_step*[]){steps, NULL});
    rig_start(&rig, 0);
    rig_run(&rig);
    assert_int_equal(rig_status(&rig, 1), 42 << 8);
    assert_int_equal(rig.fake.console_bytes, 16);
    for (unsigned i = 0; i < 16; i++) assert_int_equal((uint8_t)rig.fake.console[i], rig_byte(RIG_RODATA + i));
    struct kernel_end end;
    assert_true(kernel_first_end(rig.kernel, &end));
    assert_int_equal(end.code, 42);
    assert_false(end.signalled);
    rig_end(&rig);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_program_runs_from_its_image_and_exits),
};

TEST_MAIN(tests)
