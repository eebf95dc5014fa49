// SPDX-License-Identifier: MIT
// Programs without a processor.
#include "share_rig.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { CALL_AT = 0x1800, TEXT_BYTES = 0x1000, LARGE_BYTES = 0xc000, MAGIC = 0x600dc0de };

// ---------------------------------------------------------------------------------------------------------------------
// The programs: code that names data, data that name code and each other

// Words by their distance from the beginning of text or data. Those that hold addresses are in the records.
static const struct {
  uint32_t address, word;
  bool is_address;
} words[] = {{RIG_TEXT + 0x00, MAGIC, false},
             {RIG_TEXT + 0x11, RIG_DATA + 0x400, true},  // not aligned, as in an instruction
             {RIG_TEXT + 0x20, RIG_TEXT + 0x00, true},
             {RIG_TEXT + 0xffc, 0x7ffffff0, false},
             {RIG_DATA + 0x400, RIG_TEXT + 0x11, true},
             {RIG_DATA + 0x404, RIG_DATA + 0x408, true},
             {RIG_DATA + 0x408, 0x3000, false},           // looks like an address, but is none
             {RIG_DATA + 0x40c, RIG_DATA + 0x1200, true},  // not in the file: zeros
             {RIG_DATA + 0x410, RIG_DATA + RIG_DATA_BYTES, true}};
enum { WORDS = sizeof words / sizeof *words, FILE_BYTES = 0x1000 };

struct program_bytes {
  uint8_t text[TEXT_BYTES], data[FILE_BYTES];
  uint32_t relocations[WORDS];
  unsigned relocation_count;
};

static const struct program_bytes* program_bytes(void) {
  static struct program_bytes p;
  if (p.relocation_count) return &p;
  for (unsigned i = 0; i < WORDS; i++) {
    bool text = words[i].address < RIG_DATA;
    memcpy(text ? p.text + words[i].address - RIG_TEXT : p.data + words[i].address - RIG_DATA, &words[i].word, 4);
    if (words[i].is_address) p.relocations[p.relocation_count++] = words[i].address;
  }
  return &p;
}

enum { PROGRAMS = 4 };

static const struct kernel_program* programs(void) {
  static struct kernel_segment segments[2][2];
  static struct kernel_program list[PROGRAMS];
  const struct program_bytes* p = program_bytes();
  for (unsigned large = 0; large < 2; large++) {
    segments[large][0] = (struct kernel_segment){RIG_TEXT, TEXT_BYTES, TEXT_BYTES, p->text, PROT_READ | PROT_EXEC};
    segments[large][1] = (struct kernel_segment){RIG_DATA, large ? LARGE_BYTES : RIG_DATA_BYTES, FILE_BYTES, p->data,
                                                 PROT_READ | PROT_WRITE};
  }
  for (unsigned i = 0; i < PROGRAMS; i++)
    list[i] = (struct kernel_program){.name = "played",
                                      .entry = RIG_TEXT,
                                      .segment_count = 2,
                                      .segments = segments[i == 3],
                                      .relocatable = i != 2,
                                      .relocation_count = i == 2 ? 0 : p->relocation_count,
                                      .relocations = p->relocations};
  return list;
}

// Pointers are followed as the program would: wherever its parts are.
void rig_check_program(struct share_rig* rig, uint32_t entry) {
  uint32_t data = rig_word(rig, entry + 0x11);
  assert_int_equal(rig_word(rig, entry), MAGIC);
  assert_int_equal(rig_word(rig, entry + 0x20), entry);
  assert_int_equal(rig_word(rig, entry + 0xffc), 0x7ffffff0);
  assert_int_equal(rig_word(rig, data), entry + 0x11);
  assert_int_equal(rig_word(rig, data + 4), data + 8);
  assert_int_equal(rig_word(rig, data + 8), 0x3000);
  assert_int_equal(rig_word(rig, data + 12), data + 0xe00);
  assert_int_equal(rig_word(rig, data + 16), data - 0x400 + RIG_DATA_BYTES);
  assert_int_equal(rig_word(rig, data + 0xe00), 0);
}

// ---------------------------------------------------------------------------------------------------------------------

void rig_open(struct share_rig* rig, enum kernel_sharing sharing, uint64_t frames, uint64_t process_bytes,
              uint64_t blocks) {
  struct kernel_params params = {.sharing = sharing,
                                 .programs = programs(),
                                 .program_count = PROGRAMS,
                                 .process_bytes = process_bytes,
                                 .maxphyaddr = 40,
                                 .frames = frames,
                                 .swap_blocks = blocks,
                                 .work = 500};
  memset(rig, 0, sizeof *rig);
  fake_create(&rig->fake, frames, blocks, 1000);
  rig->arena = calloc(1, kernel_arena_bytes(&params));
  assert_non_null(rig->arena);
  rig->kernel = kernel_boot(rig->arena, kernel_arena_bytes(&params), &rig->fake.hal, &params);
}

void rig_close(struct share_rig* rig) {
  fake_destroy(&rig->fake);
  free(rig->arena);
}

int rig_start(struct share_rig* rig, unsigned program) {
  static const char* const argv[] = {"played"};
  return kernel_start(rig->kernel, program, 1, argv);
}

static void find_running(void* ctx, const struct kernel_process* process) {
  int* pid = ctx;
  if (process->state == KERNEL_RUNNING) *pid = process->pid;
}

// Time passes in steps that don't divide the disk's time: the kernel is asked too early, too. Calls that are to be made
// again are.
static bool enter(struct share_rig* rig, struct kernel_trap trap) {
  for (;;) {
    enum kernel_next next = kernel_trap(rig->kernel, &trap, &rig->context);
    if (rig->fake.panic[0]) fail_msg("%s", rig->fake.panic);
    rig->pid = 0;
    if (next == KERNEL_DONE) return false;
    trap = (struct kernel_trap){.kind = KERNEL_TRAP_START};
    if (next == KERNEL_IDLE) {
      rig->fake.now += rig->fake.disk_cycles / 3 + 1;
      continue;
    }
    kernel_processes(rig->kernel, find_running, &rig->pid);
    assert_true(rig->pid > 0);
    if (rig->context.eip != CALL_AT) return true;
    trap = (struct kernel_trap){.kind = KERNEL_TRAP_CALL, .start = CALL_AT};
    rig->context.eip += 2;
  }
}

bool rig_run(struct share_rig* rig) { return enter(rig, (struct kernel_trap){.kind = KERNEL_TRAP_START}); }
bool rig_tick(struct share_rig* rig) { return enter(rig, (struct kernel_trap){.kind = KERNEL_TRAP_INTERRUPT}); }

int32_t rig_call(struct share_rig* rig, uint32_t number, uint32_t argument) {
  rig->context.reg[KERNEL_EAX] = number;
  rig->context.reg[KERNEL_EBX] = argument;
  rig->context.eip = CALL_AT + 2;
  enter(rig, (struct kernel_trap){.kind = KERNEL_TRAP_CALL, .start = CALL_AT});
  return (int32_t)rig->context.reg[KERNEL_EAX];
}

void rig_switch(struct share_rig* rig, int pid) {
  for (unsigned n = 0; n < 200 && rig->pid != pid; n++) rig_call(rig, RIG_YIELD, 0);
  assert_int_equal(rig->pid, pid);
}

bool rig_touch(struct share_rig* rig, uint32_t va, unsigned size, enum fake_kind kind, uint64_t* pa) {
  int pid = rig->pid;
  for (unsigned n = 0; n < 3; n++) {
    if (fake_segment(&rig->fake, va, size, kind, pa)) return true;
    enter(rig, (struct kernel_trap){.kind = KERNEL_TRAP_EXCEPTION, .vector = 13, .cr2 = va, .start = RIG_TEXT});
    if (rig->pid != pid) return false;
  }
  fail_msg("the reference to %#x faults again and again", va);
  return false;
}

bool rig_store(struct share_rig* rig, uint32_t va, uint32_t value) {
  uint64_t pa;
  if (!rig_touch(rig, va, 4, FAKE_WRITE, &pa)) return false;
  fake_poke(&rig->fake, pa, 4, value);
  return true;
}

bool rig_load(struct share_rig* rig, uint32_t va, uint32_t* value) {
  uint64_t pa;
  if (!rig_touch(rig, va, 4, FAKE_READ, &pa)) return false;
  *value = (uint32_t)fake_word(&rig->fake, pa, 4);
  return true;
}

uint32_t rig_word(struct share_rig* rig, uint32_t va) {
  uint32_t value = 0;
  if (!rig_load(rig, va, &value)) fail_msg("the reference to %#x faulted", va);
  return value;
}

// ---------------------------------------------------------------------------------------------------------------------

const struct kernel_stats* rig_stats(struct share_rig* rig) {
  static struct kernel_stats stats;
  kernel_stats(rig->kernel, &stats);
  return &stats;
}

struct search {
  int pid;
  struct kernel_process* found;
  bool any;
};

static void find_pid(void* ctx, const struct kernel_process* process) {
  struct search* search = ctx;
  if (process->pid != search->pid) return;
  *search->found = *process;
  search->any = true;
}

bool rig_process(struct share_rig* rig, int pid, struct kernel_process* process) {
  struct search search = {.pid = pid, .found = process, .any = false};
  kernel_processes(rig->kernel, find_pid, &search);
  return search.any;
}
