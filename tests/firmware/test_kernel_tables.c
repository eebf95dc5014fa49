// SPDX-License-Identifier: MIT
// Page tables of all formats: where entries lie, which tables are built, when they go; swap entries.
#include "check.h"
#include "firmware/fake_hal.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct fake_hal fake;
static struct kernel* kernel;
static struct process* process;
static void* arena;

static void begin(enum kernel_paging paging) {
  kernel = fake_boot(&fake, &arena, paging, 64, 16);
  assert_non_null(kernel);
  process = process_find(kernel, kernel_spawn(kernel));
}

static void end(void) {
  assert_string_equal(fake.panic, "");
  fake_destroy(&fake);
  free(arena);
}

static void the_32_bit_format_is_10_10_12(void** state) {
  (void)state;
  begin(KERNEL_PAGING_32BIT);
  uint64_t va = 0x8049abc, entry_pa;
  assert_true(table_ensure(kernel, process, va, &entry_pa));
  uint64_t pde = fake_word(&fake, process->root + 4 * PDX(va), 4);
  assert_int_equal(pde & 0xfff, PTE_P | PTE_W | PTE_U);
  assert_int_equal(entry_pa, PTE_ADDR(pde) + 4 * PTX(va));
  assert_int_equal(kernel->frames.tables, 2);
  for (unsigned i = 0; i < 1024; i++) assert_int_equal(fake_word(&fake, PTE_ADDR(pde) + 4 * i, 4), 0);
  end();
}

static void the_pae_format_is_2_9_9_12(void** state) {
  (void)state;
  begin(KERNEL_PAGING_PAE);
  uint64_t va = 0xb7654321, entry_pa;
  assert_true(table_ensure(kernel, process, va, &entry_pa));
  uint64_t pdpte = fake_word(&fake, process->root + 8 * (va >> 30), 8);
  assert_int_equal(pdpte & 0xfff, PTE_P);  // its bits 1 and 2 are reserved
  uint64_t pde = fake_word(&fake, PTE_ADDR(pdpte) + 8 * (va >> 21 & 511), 8);
  assert_int_equal(pde & 0xfff, PTE_P | PTE_W | PTE_U);
  assert_int_equal(entry_pa, PTE_ADDR(pde) + 8 * (va >> 12 & 511));
  assert_int_equal(kernel->frames.tables, 3);
  end();
}

// From the root down: an entry of 8 bytes for each 9 bits of the address.
static void a_format_of_nines(enum kernel_paging paging, unsigned levels, uint64_t va) {
  uint64_t entry_pa, at = 0;
  begin(paging);
  uint64_t table = process->root;
  assert_true(table_ensure(kernel, process, va, &entry_pa));
  for (unsigned level = levels; level >= 1; level--) {
    at = table + 8 * (va >> (12 + 9 * (level - 1)) & 511);
    if (level == 1) break;
    uint64_t entry = fake_word(&fake, at, 8);
    assert_int_equal(entry & 0xfff, PTE_P | PTE_W | PTE_U);
    table = PTE_ADDR(entry);
  }
  assert_int_equal(entry_pa, at);
  assert_int_equal(kernel->frames.tables, levels);
  end();
}

static void the_long_formats_are_nines_and_12(void** state) {
  (void)state;
  a_format_of_nines(KERNEL_PAGING_4LEVEL, 4, 0x7654321fedcb);
  a_format_of_nines(KERNEL_PAGING_5LEVEL, 5, 0xb4321fedcba987);
}

static void find_says_where_a_missing_table_ends(void** state) {
  (void)state;
  uint64_t entry_pa, skip_to = 0;
  begin(KERNEL_PAGING_32BIT);
  assert_false(table_find(kernel, process->root, 0x8049000, &entry_pa, &skip_to));
  assert_int_equal(skip_to, 0x8400000);
  end();
  begin(KERNEL_PAGING_PAE);
  assert_false(table_find(kernel, process->root, 0x8049000, &entry_pa, &skip_to));
  assert_int_equal(skip_to, 0x40000000);
  table_ensure(kernel, process, 0, &entry_pa);
  assert_false(table_find(kernel, process->root, 0x8049000, &entry_pa, &skip_to));
  assert_int_equal(skip_to, 0x8200000);
  end();
  begin(KERNEL_PAGING_5LEVEL);
  assert_false(table_find(kernel, process->root, 0xff00008049000, &entry_pa, &skip_to));
  assert_int_equal(skip_to, 0x10000000000000);
  table_ensure(kernel, process, 0xff00000000000, &entry_pa);
  assert_false(table_find(kernel, process->root, 0xfff0008049000, &entry_pa, &skip_to));
  assert_int_equal(skip_to, 0xfff8000000000);
  end();
}

// Entries of two tables; the table goes with its last entry, the directory of PAE with its last table.
static void empty_tables_go(enum kernel_paging paging, uint64_t reach) {
  begin(paging);
  uint64_t entry_pa, free_before = frames_free_count(kernel), skip_to;
  uint64_t vas[] = {reach, reach + 0x1000, 3 * reach};
  for (unsigned i = 0; i < 3; i++) {
    assert_true(table_ensure(kernel, process, vas[i], &entry_pa));
    table_set(kernel, entry_pa, 0, i == 1 ? swap_entry(5) : 0x7000 | PTE_P);
  }
  uint64_t with_all = frames_free_count(kernel);
  table_clear(kernel, process, vas[0]);
  assert_int_equal(frames_free_count(kernel), with_all);  // the entry that names a swap block holds the table
  table_clear(kernel, process, vas[1]);
  assert_int_equal(frames_free_count(kernel), with_all + 1);
  assert_false(table_find(kernel, process->root, vas[0], &entry_pa, &skip_to));
  assert_true(table_find(kernel, process->root, vas[2], &entry_pa, &skip_to));
  table_clear(kernel, process, vas[2]);
  assert_int_equal(frames_free_count(kernel), free_before);
  end();
}

static void a_table_goes_with_its_last_entry(void** state) {
  (void)state;
  empty_tables_go(KERNEL_PAGING_32BIT, 4 << 20);
  empty_tables_go(KERNEL_PAGING_PAE, 2 << 20);
  empty_tables_go(KERNEL_PAGING_4LEVEL, 2 << 20);
  empty_tables_go(KERNEL_PAGING_5LEVEL, 2 << 20);
}

// What a lone page needs at every level goes with it.
static void tables_of_every_level_go(enum kernel_paging paging, unsigned levels, uint64_t va) {
  begin(paging);
  uint64_t entry_pa, free_before = frames_free_count(kernel), other;
  assert_true(table_ensure(kernel, process, va, &entry_pa));
  table_set(kernel, entry_pa, 0, 0x7000 | PTE_P);
  assert_int_equal(frames_free_count(kernel), free_before - (levels - 1));
  assert_true(table_ensure(kernel, process, va ^ (uint64_t)1 << 30, &other));  // its own PDE's and PTE's tables
  table_set(kernel, other, 0, 0x7000 | PTE_P);
  assert_int_equal(frames_free_count(kernel), free_before - (levels - 1) - 2);
  table_clear(kernel, process, va);
  assert_int_equal(frames_free_count(kernel), free_before - (levels - 1));
  table_clear(kernel, process, va ^ (uint64_t)1 << 30);
  assert_int_equal(frames_free_count(kernel), free_before);
  assert_int_equal(fake_word(&fake, process->root + 8 * (va >> (12 + 9 * (levels - 1))), 8), 0);
  end();
}

static void lone_pages_leave_no_tables(void** state) {
  (void)state;
  tables_of_every_level_go(KERNEL_PAGING_4LEVEL, 4, 0x7fffffffe000);
  tables_of_every_level_go(KERNEL_PAGING_5LEVEL, 5, 0xffffffffffe000);
}

// Tables that were built, but whose page never came, because no frame was left, go with the process.
static void unused_tables_go_with_the_process(void** state) {
  (void)state;
  const enum kernel_paging modes[] = {KERNEL_PAGING_32BIT, KERNEL_PAGING_PAE, KERNEL_PAGING_4LEVEL,
                                      KERNEL_PAGING_5LEVEL};
  for (unsigned i = 0; i < 4; i++) {
    begin(modes[i]);
    uint64_t entry_pa, end_of_user = kernel_user_end(kernel);
    const uint64_t places[] = {0, 0x40000000, end_of_user / 2, end_of_user - PGSIZE};
    for (unsigned n = 0; n < 4; n++) assert_true(table_ensure(kernel, process, places[n], &entry_pa));
    kernel_exit(kernel, process->pid);
    assert_int_equal(frames_free_count(kernel) + kernel->frames.kernel, 64);
    end();
  }
}

// The processor may remember what led to a table: when the table goes, it must forget, or it would find in that frame
// what others put there. So must the page's TLB entry go.
static void tables_that_went_are_forgotten(void** state) {
  (void)state;
  const enum kernel_paging modes[] = {KERNEL_PAGING_32BIT, KERNEL_PAGING_PAE, KERNEL_PAGING_4LEVEL,
                                      KERNEL_PAGING_5LEVEL};
  for (unsigned i = 0; i < 4; i++) {
    begin(modes[i]);
    uint64_t va = kernel_user_end(kernel) / 2 + 8 * PGSIZE, entry_pa, skip_to, pa;
    unsigned size = kernel->format->entry_bytes, error = 0;
    assert_int_equal(kernel_map(kernel, process->pid, va, va + 2 * PGSIZE, PROT_READ), 0);
    kernel_switch(kernel, process->pid);
    assert_true(fake_touch(&fake, kernel, va, FAKE_READ, NULL, NULL));
    assert_true(table_find(kernel, process->root, va, &entry_pa, &skip_to));
    table_clear(kernel, process, va);
    for (unsigned n = 0; n < 2; n++) fake_poke(&fake, entry_pa + n * size, size, 0x9000 | PTE_P | PTE_U);
    // The neighbour first: it has no TLB entry, and the page's fault would make the processor forget what led to both.
    for (unsigned n = 2; n-- > 0;) {
      assert_false(fake_access(&fake, va + n * PGSIZE, FAKE_READ, true, &pa, &error));
      assert_int_equal(error, FEC_U);
    }
    end();
  }
}

// The processor reads PDPTEs only when CR3 is loaded: a new directory of the running process needs that.
static void a_new_pdpte_is_loaded(void** state) {
  (void)state;
  begin(KERNEL_PAGING_PAE);
  kernel_map(kernel, process->pid, 0x40000000, 0x40002000, PROT_READ | PROT_WRITE);
  kernel_switch(kernel, process->pid);
  uint64_t loads = fake.cr3_writes;
  assert_true(fake_touch(&fake, kernel, 0x40000000, FAKE_WRITE, NULL, NULL));
  assert_int_equal(fake.cr3_writes, loads + 1);
  assert_true(fake_touch(&fake, kernel, 0x40001000, FAKE_WRITE, NULL, NULL));
  assert_int_equal(fake.cr3_writes, loads + 1);
  end();
}

static void leaves_carry_the_vmas_protection(void** state) {
  (void)state;
  uint64_t pa = 0x5000;
  assert_int_equal(table_user_leaf(&table_format_32bit, pa, PROT_READ), pa | PTE_P | PTE_U);
  assert_int_equal(table_user_leaf(&table_format_32bit, pa, PROT_WRITE), pa | PTE_P | PTE_U | PTE_W);
  assert_true(table_user_leaf(&table_format_pae, pa, PROT_WRITE) == (pa | PTE_P | PTE_U | PTE_W | PTE_NX));
  assert_true(table_user_leaf(&table_format_pae, pa, PROT_EXEC) == (pa | PTE_P | PTE_U));
  assert_true(table_user_leaf(&table_format_4level, pa, PROT_READ) == (pa | PTE_P | PTE_U | PTE_NX));
  assert_true(table_user_leaf(&table_format_5level, pa, PROT_WRITE) == (pa | PTE_P | PTE_U | PTE_W | PTE_NX));
}

static void swap_entries_differ_from_all_others(void** state) {
  (void)state;
  assert_int_equal(swap_block_of(0), 0);
  assert_int_equal(swap_block_of(0x7000 | PTE_P | PTE_SWAP), 0);
  for (uint32_t block = 1; block <= KERNEL_SWAP_BLOCKS_MAX; block = block * 2 + 1) {
    assert_int_equal(swap_entry(block) & PTE_P, 0);
    assert_true(swap_entry(block) <= UINT32_MAX);
    assert_int_equal(swap_block_of(swap_entry(block)), block);
  }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_32_bit_format_is_10_10_12),       cmocka_unit_test(the_pae_format_is_2_9_9_12),
    cmocka_unit_test(the_long_formats_are_nines_and_12),   cmocka_unit_test(find_says_where_a_missing_table_ends),
    cmocka_unit_test(a_table_goes_with_its_last_entry),    cmocka_unit_test(lone_pages_leave_no_tables),
    cmocka_unit_test(unused_tables_go_with_the_process),   cmocka_unit_test(a_new_pdpte_is_loaded),
    cmocka_unit_test(tables_that_went_are_forgotten),      cmocka_unit_test(leaves_carry_the_vmas_protection),
    cmocka_unit_test(swap_entries_differ_from_all_others),
};

TEST_MAIN(tests)
