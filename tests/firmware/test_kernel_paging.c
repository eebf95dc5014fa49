// SPDX-License-Identifier: MIT
// Page faults: the six steps, zero fill, protection, swapping, replacement, the end of a process.
#include <string.h>

#include "check.h"
#include "firmware/fake_hal.h"
#include "kernel/mm/mmu.h"
#include "kernel/state.h"

static struct fake_hal fake;
static struct kernel* kernel;
static void* arena;
static int pid;
static const uint64_t BASE = 0x400000;

// A process with `pages` pages from BASE on, running, and so many frames that `fit` of them are resident at a time.
static void begin_with(enum kernel_paging paging, unsigned pages, unsigned fit, uint64_t blocks) {
  unsigned tables = paging == KERNEL_PAGING_PAE ? 2 + 3 : 1 + 2;  // kernel's, and root to leaf of one place
  struct kernel_params params = {.paging = paging, .maxphyaddr = 40, .frames = tables + fit};
  uint64_t frames = tables + fit, least = kernel_frames_needed(&params);
  kernel = fake_boot(&fake, &arena, paging, frames < least ? least : frames, blocks);
  assert_non_null(kernel);
  for (; frames < least; frames++) frames_take(kernel, USE_KERNEL);  // what is too much for this test
  pid = kernel_spawn(kernel);
  assert_true(pid > 0);
  assert_int_equal(kernel_map(kernel, pid, BASE, BASE + pages * PGSIZE, PROT_READ | PROT_WRITE), 0);
  assert_int_equal(kernel_switch(kernel, pid), 0);
}

static void begin(unsigned pages, unsigned fit) { begin_with(KERNEL_PAGING_32BIT, pages, fit, 64); }

static void end(void) {
  assert_string_equal(fake.panic, "");
  fake_destroy(&fake);
  free(arena);
}

static struct kernel_stats stats(void) {
  struct kernel_stats now;
  kernel_stats(kernel, &now);
  assert_int_equal(now.frames_free + now.frames_kernel + now.frames_tables + now.frames_process, now.frames_total);
  return now;
}

static uint64_t page_at(unsigned i) { return BASE + i * PGSIZE; }

static uint64_t touch(unsigned page, enum fake_kind kind) {
  uint64_t pa = 0;
  struct kernel_kill kill;
  if (!fake_touch(&fake, kernel, page_at(page), kind, &pa, &kill)) fail_msg("killed: %s", kill.reason);
  return pa;
}

static bool is_resident(unsigned page) {
  uint64_t pa;
  return kernel_translate(kernel, pid, page_at(page), &pa);
}

// ---------------------------------------------------------------------------------------------------------------------

static void a_first_touch_takes_the_six_steps(void** state) {
  (void)state;
  begin(8, 8);
  uint64_t cr2 = page_at(3) + 0x123, pa;
  fake.note_count = 0;
  assert_true(fake_touch(&fake, kernel, cr2, FAKE_WRITE, &pa, NULL));
  const enum hal_note_kind steps[] = {HAL_NOTE_FAULT, HAL_NOTE_TRAP,  HAL_NOTE_LOOKUP,
                                      HAL_NOTE_FRAME, HAL_NOTE_TABLE, HAL_NOTE_RESTART};
  assert_int_equal(fake.note_count, 6);
  for (unsigned i = 0; i < 6; i++) assert_int_equal(fake.notes[i].kind, steps[i]);
  assert_int_equal(fake.notes[0].a, cr2);
  assert_int_equal(fake.notes[0].b, FEC_U | FEC_WR);
  assert_int_equal(fake.notes[1].b, pid);
  assert_int_equal(fake.notes[2].a, page_at(3));
  assert_int_equal(fake.notes[2].b, HAL_FOUND_FRESH);
  assert_int_equal(fake.notes[2].c, BASE);
  assert_int_equal(fake.notes[3].b, pa & ~0xfffull);
  assert_int_equal(fake.notes[3].c, 0);
  assert_int_equal(fake.notes[4].b, (pa & ~0xfffull) | PTE_P | PTE_W | PTE_U);
  assert_int_equal(fake_word(&fake, fake.notes[4].a, 4), fake.notes[4].b | PTE_A | PTE_D);  // by the hardware since
  assert_int_equal(fake.notes[5].a, cr2);
  assert_int_equal(stats().faults_minor, 1);
  assert_int_equal(stats().zero_fills, 1);
  end();
}

static void fresh_pages_are_zero_whatever_the_frame_held(void** state) {
  (void)state;
  begin(8, 8);
  for (unsigned i = 0; i < 8; i++) {
    uint64_t pa = touch(i, FAKE_READ);
    for (unsigned at = 0; at < 4096; at += 8) assert_int_equal(fake_word(&fake, pa + at, 8), 0);
  }
  end();
}

static void populate_maps_everything_or_says_no(void** state) {
  (void)state;
  begin(8, 8);
  assert_int_equal(kernel_populate(kernel, pid), 0);
  for (unsigned i = 0; i < 8; i++) assert_true(is_resident(i));
  assert_int_equal(kernel_populate(kernel, pid), 0);
  assert_int_equal(stats().zero_fills, 8);
  touch(7, FAKE_WRITE);
  assert_int_equal(stats().faults_minor, 0);
  end();
  begin(9, 8);
  assert_int_equal(kernel_populate(kernel, pid), -12);
  end();
}

// ---------------------------------------------------------------------------------------------------------------------
// Illegal accesses

static void dies(uint64_t va, enum fake_kind kind, unsigned error, const char* words) {
  struct kernel_kill kill = {.pid = 0};
  int victim = pid;
  assert_false(fake_touch(&fake, kernel, va, kind, NULL, &kill));
  assert_int_equal(kill.pid, victim);
  assert_int_equal(kill.cr2, va);
  assert_int_equal(kill.error, error);
  if (!strstr(kill.reason, words)) fail_msg("the reason is: %s", kill.reason);
  const struct hal_note* note = fake_note(&fake, HAL_NOTE_KILL, 0);
  assert_non_null(note);
  assert_int_equal(note->a, va);
  assert_int_equal(note->b, error);
  assert_int_equal(note->c, victim);
  assert_int_equal(kernel_current(kernel), 0);
  assert_int_equal(fake.registers[HAL_CR3], kernel->root);  // not a root whose frame is free
  assert_int_equal(kernel_switch(kernel, victim), -3);
  struct kernel_stats now = stats();
  assert_int_equal(now.frames_free, now.frames_total - now.frames_kernel);
  end();
}

static void illegal_accesses_kill_with_a_reason(void** state) {
  (void)state;
  begin(8, 8);
  dies(0x123456, FAKE_READ, FEC_U, "read of 0x00123456, where the process has no memory");
  begin(8, 8);
  touch(0, FAKE_WRITE);
  dies(page_at(8), FAKE_WRITE, FEC_U | FEC_WR, "write to 0x00408000, where the process has no memory");
  begin(8, 8);
  dies(0xc0000010, FAKE_READ, FEC_U | FEC_PR, "read of 0xc0000010, which belongs to the kernel");
  begin(8, 8);
  kernel_map(kernel, pid, 0x800000, 0x802000, PROT_READ);
  fake_touch(&fake, kernel, 0x800010, FAKE_READ, NULL, NULL);
  dies(0x800010, FAKE_WRITE, FEC_U | FEC_WR | FEC_PR,
       "write to 0x00800010, but the memory from 0x00800000 to 0x00802000 is not writable");
  begin(8, 8);
  kernel_map(kernel, pid, 0x800000, 0x802000, 0);
  dies(0x800010, FAKE_READ, FEC_U, "is not accessible");
  begin_with(KERNEL_PAGING_PAE, 8, 8, 8);
  dies(page_at(1), FAKE_FETCH, FEC_U | FEC_ID, "fetch from 0x00401000");
  begin_with(KERNEL_PAGING_PAE, 8, 8, 8);
  touch(1, FAKE_READ);
  dies(page_at(1), FAKE_FETCH, FEC_U | FEC_ID | FEC_PR, "is not executable");
}

static void protection_faults_are_counted_apart(void** state) {
  (void)state;
  begin(8, 8);
  struct kernel_kill kill;
  touch(0, FAKE_WRITE);
  assert_false(fake_touch(&fake, kernel, 0xc0000000, FAKE_WRITE, NULL, &kill));
  assert_int_equal(stats().faults_protection, 1);
  assert_int_equal(stats().faults_minor, 1);
  end();
}

static void a_spurious_fault_is_tolerated_but_not_for_ever(void** state) {
  (void)state;
  struct kernel_kill kill;
  begin(8, 8);
  touch(2, FAKE_WRITE);
  assert_int_equal(kernel_page_fault(kernel, page_at(2), FEC_U | FEC_WR | FEC_PR, &kill), KERNEL_RESUME);
  assert_int_equal(fake_noted(&fake, HAL_NOTE_KILL), 0);
  for (unsigned i = 0; i < 20; i++) kernel_page_fault(kernel, page_at(2), FEC_U | FEC_WR | FEC_PR, &kill);
  assert_non_null(strstr(fake.panic, "although the page table allows the access: 0x00402000"));
  fake.panic[0] = 0;
  end();
}

// ---------------------------------------------------------------------------------------------------------------------
// Swapping

static void a_clean_zero_page_is_dropped(void** state) {
  (void)state;
  begin(16, 4);
  for (unsigned i = 0; i < 16; i++) touch(i, FAKE_READ);
  assert_int_equal(stats().evictions, 12);
  assert_int_equal(stats().evictions_clean, 12);
  assert_int_equal(stats().swap_used, 0);
  assert_int_equal(fake.transfers, 0);
  end();
}

static void a_dirty_page_survives_the_disk(enum kernel_paging paging) {
  begin_with(paging, 16, 4, 64);
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = 0; i < 16; i++) {
      uint64_t pa = touch(i, FAKE_WRITE);
      if (round > 0) assert_int_equal(fake_word(&fake, pa + 8 * i, 8), 1000 * (round - 1) + i);
      fake_poke(&fake, pa + 8 * i, 8, 1000 * round + i);
    }
  }
  assert_int_equal(stats().zero_fills, 16);
  assert_int_equal(stats().faults_minor, 16);
  assert_int_equal(stats().faults_major, 32);
  assert_int_equal(stats().swap_ins, 32);
  assert_int_equal(stats().swap_outs, 44);
  assert_int_equal(stats().swap_used, 16);
  assert_int_equal(stats().checksum_errors, 0);
  assert_int_equal(fake.reads, 32);
  assert_int_equal(fake.writes, 44);
  kernel_exit(kernel, pid);
  assert_int_equal(stats().swap_used, 0);
  assert_int_equal(stats().frames_free, stats().frames_total - stats().frames_kernel);
  end();
}

static void dirty_pages_survive_the_disk_in_both_modes(void** state) {
  (void)state;
  a_dirty_page_survives_the_disk(KERNEL_PAGING_32BIT);
  a_dirty_page_survives_the_disk(KERNEL_PAGING_PAE);
}

static void the_entry_keeps_the_block(void** state) {
  (void)state;
  begin(8, 4);
  for (unsigned i = 0; i < 5; i++) touch(i, FAKE_WRITE);
  uint64_t entry_pa, skip_to;
  assert_true(table_find(kernel, process_find(kernel, pid)->root, page_at(0), &entry_pa, &skip_to));
  uint64_t entry = fake_word(&fake, entry_pa, 4);
  assert_int_equal(entry, swap_entry(1));
  assert_int_equal(entry & PTE_P, 0);
  assert_true(entry != 0);
  assert_int_equal(fake_note(&fake, HAL_NOTE_EVICT, 0)->c, 1);
  end();
}

// A page that came back and was only read since is thrown out without a write; once written to, with one, to its block.
static void a_clean_page_with_a_copy_is_not_written_again(void** state) {
  (void)state;
  begin(8, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_WRITE);
  for (unsigned i = 4; i < 8; i++) touch(i, FAKE_READ);  // 0..3 go out
  assert_int_equal(stats().swap_outs, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_READ);  // and come back
  for (unsigned i = 4; i < 8; i++) touch(i, FAKE_READ);
  assert_int_equal(stats().swap_outs, 4);
  assert_int_equal(stats().evictions_clean, 8);
  assert_int_equal(stats().swap_used, 4);
  touch(0, FAKE_WRITE);
  for (unsigned i = 1; i < 8; i++) touch(i, FAKE_READ);
  assert_int_equal(stats().swap_outs, 5);
  assert_int_equal(stats().swap_used, 4);
  end();
}

static void a_damaged_block_is_noticed(void** state) {
  (void)state;
  struct kernel_kill kill;
  begin(8, 4);
  for (unsigned i = 0; i < 5; i++) touch(i, FAKE_WRITE);
  fake.disk[4096 + 77] ^= 1;  // block 1: page 0
  assert_false(fake_touch(&fake, kernel, page_at(0), FAKE_READ, NULL, &kill));
  assert_non_null(strstr(kill.reason, "page 0x00400000 came back from swap block 1 different"));
  assert_int_equal(stats().checksum_errors, 1);
  assert_int_equal(stats().frames_free, stats().frames_total - stats().frames_kernel);
  assert_int_equal(stats().swap_used, 0);
  end();
}

static void a_fault_waits_for_the_disk_and_is_taken_up_again(void** state) {
  (void)state;
  struct kernel_kill kill;
  begin(8, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_WRITE);
  // Page 4 is fresh, but the victim is dirty: the frame is free when the write is over.
  assert_int_equal(kernel_page_fault(kernel, page_at(4), FEC_U, &kill), KERNEL_WAIT);
  assert_int_equal(kernel_poll(kernel, &kill), KERNEL_WAIT);
  assert_int_equal(fake_note(&fake, HAL_NOTE_WAIT, 0)->a, page_at(4));
  // The page under way is asked for meanwhile.
  assert_int_equal(kernel_page_fault(kernel, page_at(0), FEC_U, &kill), KERNEL_WAIT);
  assert_int_equal(fake.notes[fake.note_count - 2].b, HAL_FOUND_IN_TRANSIT);
  fake.now += 1000;
  assert_int_equal(kernel_poll(kernel, &kill), KERNEL_WAIT);  // written; now it is read
  assert_int_equal(fake.transfers, 2);
  fake.now += 1000;
  assert_int_equal(kernel_poll(kernel, &kill), KERNEL_RESUME);
  assert_true(is_resident(0));
  assert_int_equal(stats().faults_major, 1);
  end();
}

static void an_exit_during_a_transfer_gives_back_what_comes_later(void** state) {
  (void)state;
  struct kernel_kill kill;
  begin(8, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_WRITE);
  assert_int_equal(kernel_page_fault(kernel, page_at(4), FEC_U, &kill), KERNEL_WAIT);
  kernel_exit(kernel, pid);
  assert_int_equal(stats().frames_process, 1);  // the disk still reads it
  fake.now += 1000;
  assert_true(kernel_spawn(kernel) > 0);
  assert_int_equal(stats().frames_process, 0);
  assert_int_equal(stats().swap_used, 0);
  end();
}

static void a_full_swap_disk_ends_the_process_with_the_figures(void** state) {
  (void)state;
  struct kernel_kill kill;
  begin_with(KERNEL_PAGING_32BIT, 16, 5, 3);
  for (unsigned i = 0; i < 8; i++) touch(i, FAKE_WRITE);
  assert_int_equal(stats().swap_used, 3);
  assert_false(fake_touch(&fake, kernel, page_at(8), FAKE_WRITE, NULL, &kill));
  assert_string_equal(kill.reason,
                      "no frame for 0x00408000: of 8, 1 hold the kernel, 2 page tables, 5 pages that can't go "
                      "(swap is full); more frames are needed");
  end();
}

// Every touch in another 4 MiB: a table for each, until nothing but tables is left.
static void too_many_tables_end_the_process_with_the_figures(void** state) {
  (void)state;
  struct kernel_kill kill;
  kernel = fake_boot(&fake, &arena, KERNEL_PAGING_32BIT, 16, 64);
  pid = kernel_spawn(kernel);
  kernel_map(kernel, pid, 0, 0xc0000000, PROT_READ | PROT_WRITE);
  kernel_switch(kernel, pid);
  uint64_t va = 0;
  while (fake_touch(&fake, kernel, va, FAKE_WRITE, NULL, &kill)) va += 4 << 20;
  assert_string_equal(kill.reason,
                      "no frame for 0x03400000: of 16, 1 hold the kernel, 15 page tables, 0 pages that can't go; "
                      "more frames are needed");
  assert_int_equal(stats().frames_free, 15);
  end();
}

// Four dirty pages on their way out, for four faults: the fifth finds none to throw out, but frames will come.
static void a_fault_waits_for_frames_in_flight(void** state) {
  (void)state;
  struct kernel_kill kill;
  begin(16, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_WRITE);
  fake.disk_cycles = 100000;
  for (unsigned i = 4; i < 9; i++) assert_int_equal(kernel_page_fault(kernel, page_at(i), FEC_U, &kill), KERNEL_WAIT);
  assert_int_equal(fake.transfers, 4);
  fake.now += 100000;
  assert_int_equal(kernel_poll(kernel, &kill), KERNEL_RESUME);
  assert_true(is_resident(8));
  end();
}

// A page that is alone in its table takes the table along when it goes.
static void a_dropped_page_takes_its_table_along(void** state) {
  (void)state;
  begin(8, 6);
  kernel_map(kernel, pid, 0x10000000, 0x10001000, PROT_READ);
  touch(0, FAKE_READ);
  assert_true(fake_touch(&fake, kernel, 0x10000000, FAKE_READ, NULL, NULL));
  assert_int_equal(stats().frames_tables, 3);
  for (unsigned i = 0; i < 8; i++) touch(i, FAKE_READ);
  assert_int_equal(stats().frames_tables, 2);
  assert_true(fake_touch(&fake, kernel, 0x10000000, FAKE_READ, NULL, NULL));
  end();
}

// ---------------------------------------------------------------------------------------------------------------------
// Clock. Four frames hold pages 0..3, in the hand's order; each page's A bit is as its line says when a frame is
// needed.

// Without INVLPG: the TLB keeps the page.
static void clear_accessed(unsigned page) {
  uint64_t entry_pa, skip_to;
  assert_true(table_find(kernel, process_find(kernel, pid)->root, page_at(page), &entry_pa, &skip_to));
  table_put(kernel, entry_pa, table_get(kernel, entry_pa) & ~PTE_A);
}

static void the_victims_are(unsigned count, const unsigned* pages) {
  assert_int_equal(fake_noted(&fake, HAL_NOTE_EVICT), count);
  for (unsigned i = 0; i < count; i++) assert_int_equal(fake_note(&fake, HAL_NOTE_EVICT, i)->a, page_at(pages[i]));
}

// By hand (* = A set, > = the hand):
//   after 0 1 2 3 read         >0* 1* 2* 3*
//   4: all spared once, 0 goes  4 >1  2  3      then 4 is used: 4*
//   2 used, 5: 1 goes           4* 5 >2* 3      then 5*
//   6: 2 spared, 3 goes        >4* 5* 2  6      then 6*
//   7: 4, 5 spared, 2 goes      4  5  7 >6*     then 7*
//   5 used, 8: 6 spared, 4 goes 8 >5* 7* 6
static void clock_gives_second_chances(void** state) {
  (void)state;
  begin(16, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_READ);
  const unsigned references[] = {4, 2, 5, 6, 7, 5, 8};
  for (unsigned i = 0; i < 7; i++) touch(references[i], FAKE_READ);
  the_victims_are(5, (const unsigned[]){0, 1, 3, 2, 4});
  const unsigned resident[] = {5, 6, 7, 8};
  for (unsigned i = 0; i < 4; i++) assert_true(is_resident(resident[i]));
  end();
}

static void an_unused_page_goes_before_used_ones(void** state) {
  (void)state;
  begin(16, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_READ);
  clear_accessed(2);
  touch(4, FAKE_READ);
  the_victims_are(1, (const unsigned[]){2});
  end();
}

// Whatever A says, a page that is thrown out leaves the TLB: written out, dropped as zeros, dropped as a copy.
static void a_page_that_was_thrown_out_is_not_in_the_tlb(void** state) {
  (void)state;
  uint64_t pa;
  unsigned error;
  const unsigned victims[] = {1, 2, 1};
  begin(16, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, i == 1 ? FAKE_WRITE : FAKE_READ);
  for (unsigned i = 0; i < 3; i++) {
    touch(victims[i], FAKE_READ);
    for (unsigned page = 0; page < 16; page++)
      if (is_resident(page)) touch(page, FAKE_READ);  // sets A of all others
    clear_accessed(victims[i]);
    touch(8 + i, FAKE_READ);
    assert_false(is_resident(victims[i]));
    assert_false(fake_access(&fake, page_at(victims[i]), FAKE_READ, true, &pa, &error));
  }
  end();
}

// Clearing A without INVLPG would hide later uses from the hand: the TLB would answer and set nothing.
static void a_spared_page_that_is_used_again_is_seen(void** state) {
  (void)state;
  begin(16, 4);
  for (unsigned i = 0; i < 4; i++) touch(i, FAKE_READ);
  touch(4, FAKE_READ);  // clears A of 1, 2, 3
  uint64_t before = stats().invlpgs;
  assert_true(before >= 4);
  touch(1, FAKE_READ);
  touch(5, FAKE_READ);  // spares 1 again, takes 2
  the_victims_are(2, (const unsigned[]){0, 2});
  end();
}

// Pages of a process that is not loaded are thrown out without INVLPG: its TLB entries went with its CR3.
static void another_process_pays_with_its_pages(void** state) {
  (void)state;
  kernel = fake_boot(&fake, &arena, KERNEL_PAGING_32BIT, 1 + 2 + 2 + 4, 64);
  int one = kernel_spawn(kernel);
  kernel_map(kernel, one, BASE, BASE + 4 * PGSIZE, PROT_READ | PROT_WRITE);
  kernel_switch(kernel, one);
  pid = one;
  for (unsigned i = 0; i < 4; i++) fake_poke(&fake, touch(i, FAKE_WRITE), 8, 100 + i);
  int two = kernel_spawn(kernel);
  kernel_map(kernel, two, BASE, BASE + 4 * PGSIZE, PROT_READ | PROT_WRITE);
  kernel_switch(kernel, two);
  uint64_t before = fake.invlpgs;
  for (unsigned i = 0; i < 4; i++) assert_int_equal(fake_word(&fake, touch(i, FAKE_WRITE), 8), 0);
  assert_int_equal(fake.invlpgs, before);
  kernel_switch(kernel, one);
  for (unsigned i = 0; i < 4; i++) assert_int_equal(fake_word(&fake, touch(i, FAKE_READ), 8), 100 + i);
  kernel_exit(kernel, one);
  kernel_exit(kernel, two);
  assert_int_equal(stats().frames_free, stats().frames_total - 1);
  end();
}

// ---------------------------------------------------------------------------------------------------------------------
// Everything at once, against a shadow

static uint32_t next_random(uint32_t* seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  return *seed ^= *seed << 5;
}

// Three processes over common frames; each word that a process reads is what it last wrote there.
static void random_processes_keep_their_data(enum kernel_paging paging, uint32_t seed) {
  enum { PROCESSES = 3, PAGES = 40, STEPS = 6000 };
  static uint32_t shadow[PROCESSES][PAGES];
  int pids[PROCESSES] = {0};
  kernel = fake_boot(&fake, &arena, paging, 48, 200);
  for (unsigned step = 1; step <= STEPS; step++) {
    unsigned p = next_random(&seed) % PROCESSES, page = next_random(&seed) % PAGES;
    // Half of each process's pages lie in another table's reach, in PAE in another directory's.
    uint64_t va = page < PAGES / 2 ? page_at(page) : 0x80000000 + page * PGSIZE, pa;
    struct kernel_kill kill = {.pid = 0};
    if (pids[p] == 0) {
      pids[p] = kernel_spawn(kernel);
      if (pids[p] < 0) {
        pids[p] = 0;
        continue;
      }
      kernel_map(kernel, pids[p], BASE, page_at(PAGES), PROT_READ | PROT_WRITE);
      kernel_map(kernel, pids[p], 0x80000000, 0x80000000 + PAGES * PGSIZE, PROT_READ | PROT_WRITE);
      memset(shadow[p], 0, sizeof shadow[p]);
    }
    kernel_switch(kernel, pids[p]);
    bool write = next_random(&seed) % 3 == 0;
    if (!fake_touch(&fake, kernel, va, write ? FAKE_WRITE : FAKE_READ, &pa, &kill)) fail_msg("killed: %s", kill.reason);
    assert_int_equal(fake_word(&fake, pa + page, 4), shadow[p][page]);
    if (write) fake_poke(&fake, pa + page, 4, shadow[p][page] = step);
    if (next_random(&seed) % 500 == 0) {
      kernel_exit(kernel, pids[p]);
      pids[p] = 0;
    }
    stats();
  }
  assert_true(stats().swap_ins > 500);
  for (unsigned p = 0; p < PROCESSES; p++) kernel_exit(kernel, pids[p]);
  assert_int_equal(stats().frames_free, stats().frames_total - stats().frames_kernel);
  assert_int_equal(stats().swap_used, 0);
  end();
}

static void data_survives_random_use_by_several_processes(void** state) {
  (void)state;
  random_processes_keep_their_data(KERNEL_PAGING_32BIT, 4711);
  random_processes_keep_their_data(KERNEL_PAGING_PAE, 4712);
}

static void vmas_count_what_is_resident_and_swapped(void* ctx, const struct kernel_vma* vma) {
  assert_int_equal(vma->resident, ((const unsigned*)ctx)[0]);
  assert_int_equal(vma->swapped, ((const unsigned*)ctx)[1]);
}

static void a_vma_knows_its_pages(void** state) {
  (void)state;
  begin(8, 4);
  for (unsigned i = 0; i < 6; i++) touch(i, FAKE_WRITE);
  kernel_vmas(kernel, pid, vmas_count_what_is_resident_and_swapped, (unsigned[]){4, 2});
  touch(0, FAKE_READ);
  kernel_vmas(kernel, pid, vmas_count_what_is_resident_and_swapped, (unsigned[]){4, 2});
  end();

  begin(1, 4);  // and two that merge add up
  kernel_map(kernel, pid, page_at(2), page_at(8), PROT_READ | PROT_WRITE);
  touch(0, FAKE_WRITE);
  for (unsigned i = 2; i < 7; i++) touch(i, FAKE_WRITE);
  touch(0, FAKE_WRITE);
  kernel_map(kernel, pid, page_at(1), page_at(2), PROT_READ | PROT_WRITE);
  kernel_vmas(kernel, pid, vmas_count_what_is_resident_and_swapped, (unsigned[]){4, 2});
  end();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_first_touch_takes_the_six_steps),
    cmocka_unit_test(fresh_pages_are_zero_whatever_the_frame_held),
    cmocka_unit_test(populate_maps_everything_or_says_no),
    cmocka_unit_test(illegal_accesses_kill_with_a_reason),
    cmocka_unit_test(protection_faults_are_counted_apart),
    cmocka_unit_test(a_spurious_fault_is_tolerated_but_not_for_ever),
    cmocka_unit_test(a_clean_zero_page_is_dropped),
    cmocka_unit_test(dirty_pages_survive_the_disk_in_both_modes),
    cmocka_unit_test(the_entry_keeps_the_block),
    cmocka_unit_test(a_clean_page_with_a_copy_is_not_written_again),
    cmocka_unit_test(a_damaged_block_is_noticed),
    cmocka_unit_test(a_fault_waits_for_the_disk_and_is_taken_up_again),
    cmocka_unit_test(an_exit_during_a_transfer_gives_back_what_comes_later),
    cmocka_unit_test(a_full_swap_disk_ends_the_process_with_the_figures),
    cmocka_unit_test(too_many_tables_end_the_process_with_the_figures),
    cmocka_unit_test(a_fault_waits_for_frames_in_flight),
    cmocka_unit_test(a_dropped_page_takes_its_table_along),
    cmocka_unit_test(a_page_that_was_thrown_out_is_not_in_the_tlb),
    cmocka_unit_test(clock_gives_second_chances),
    cmocka_unit_test(an_unused_page_goes_before_used_ones),
    cmocka_unit_test(a_spared_page_that_is_used_again_is_seen),
    cmocka_unit_test(another_process_pays_with_its_pages),
    cmocka_unit_test(data_survives_random_use_by_several_processes),
    cmocka_unit_test(a_vma_knows_its_pages),
};

TEST_MAIN(tests)
