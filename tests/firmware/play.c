// SPDX-License-Identifier: MIT
// Programs without a processor.
#include "firmware/play.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { CALL_AT = 0xca11, TEXT_BYTES = 0x1000, LARGE_BYTES = 0xc000, MAGIC = 0x600dc0de };

// ---------------------------------------------------------------------------------------------------------------------
// The programs: code that names data, data that name code and each other

// Words by their distance from the beginning of text or data. Those that hold addresses are in the records.
static const struct {
  uint32_t address, word;
  bool is_address;
} words[] = {{PLAY_TEXT + 0x00, MAGIC, false},
             {PLAY_TEXT + 0x11, PLAY_DATA + 0x400, true},  // not aligned, as in an instruction
             {PLAY_TEXT + 0x20, PLAY_TEXT + 0x00, true},
             {PLAY_TEXT + 0xffc, 0x7ffffff0, false},
             {PLAY_DATA + 0x400, PLAY_TEXT + 0x11, true},
             {PLAY_DATA + 0x404, PLAY_DATA + 0x408, true},
             {PLAY_DATA + 0x408, 0x3000, false},             // looks like an address, but is none
             {PLAY_DATA + 0x40c, PLAY_DATA + 0x1200, true},  // not in the file: zeros
             {PLAY_DATA + 0x410, PLAY_DATA + PLAY_DATA_BYTES, true},
             {PLAY_DATA + 0x414, PLAY_DATA, true}};
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
    bool text = words[i].address < PLAY_DATA;
    memcpy(text ? p.text + words[i].address - PLAY_TEXT : p.data + words[i].address - PLAY_DATA, &words[i].word, 4);
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
    segments[large][0] = (struct kernel_segment){PLAY_TEXT, TEXT_BYTES, TEXT_BYTES, p->text, PROT_READ | PROT_EXEC};
    segments[large][1] = (struct kernel_segment){PLAY_DATA, large ? LARGE_BYTES : PLAY_DATA_BYTES, FILE_BYTES, p->data,
                                                 PROT_READ | PROT_WRITE};
  }
  for (unsigned i = 0; i < PROGRAMS; i++)
    list[i] = (struct kernel_program){.name = "played",
                                      .entry = PLAY_TEXT,
                                      .segment_count = 2,
                                      .segments = segments[i == 3],
                                      .relocatable = i != 2,
                                      .relocation_count = i == 2 ? 0 : p->relocation_count,
                                      .relocations = p->relocations};
  return list;
}

// Pointers are followed as the program would: wherever its parts are.
void play_check_program(struct play* play, uint32_t entry) {
  uint32_t data = play_word(play, entry + 0x11);
  assert_int_equal(play_word(play, entry), MAGIC);
  assert_int_equal(play_word(play, entry + 0x20), entry);
  assert_int_equal(play_word(play, entry + 0xffc), 0x7ffffff0);
  assert_int_equal(play_word(play, data), entry + 0x11);
  assert_int_equal(play_word(play, data + 4), data + 8);
  assert_int_equal(play_word(play, data + 8), 0x3000);
  assert_int_equal(play_word(play, data + 12), data + 0xe00);
  assert_int_equal(play_word(play, data + 16), data - 0x400 + PLAY_DATA_BYTES);
  assert_int_equal(play_word(play, data + 20), data - 0x400);
  assert_int_equal(play_word(play, data + 0xe00), 0);
}

// ---------------------------------------------------------------------------------------------------------------------

void play_open(struct play* play, enum kernel_sharing sharing, uint64_t frames, uint64_t process_bytes,
               uint64_t blocks) {
  struct kernel_params params = {.sharing = sharing,
                                 .programs = programs(),
                                 .program_count = PROGRAMS,
                                 .process_bytes = process_bytes,
                                 .maxphyaddr = 40,
                                 .frames = frames,
                                 .swap_blocks = blocks,
                                 .work = 500};
  memset(play, 0, sizeof *play);
  fake_create(&play->fake, frames, blocks, 1000);
  play->arena = calloc(1, kernel_arena_bytes(&params));
  assert_non_null(play->arena);
  play->kernel = kernel_boot(play->arena, kernel_arena_bytes(&params), &play->fake.hal, &params);
}

void play_close(struct play* play) {
  if (!play->arena) return;
  fake_destroy(&play->fake);
  free(play->arena);
  play->arena = NULL;
}

int play_start(struct play* play, unsigned program) {
  static const char* const argv[] = {"played"};
  return kernel_start(play->kernel, program, 1, argv);
}

static void find_running(void* ctx, const struct kernel_process* process) {
  int* pid = ctx;
  if (process->state == KERNEL_RUNNING) *pid = process->pid;
}

// Time passes in steps that don't divide the disk's time: the kernel is asked too early, too. Calls that are to be made
// again are.
static bool enter(struct play* play, struct kernel_trap trap) {
  for (unsigned n = 0; n < 10000; n++) {
    enum kernel_next next = kernel_trap(play->kernel, &trap, &play->context);
    if (play->fake.panic[0]) fail_msg("%s", play->fake.panic);
    play->pid = 0;
    if (next == KERNEL_DONE) return false;
    trap = (struct kernel_trap){.kind = KERNEL_TRAP_START};
    if (next == KERNEL_IDLE) {
      play->fake.now += play->fake.disk_cycles / 3 + 1;
      continue;
    }
    kernel_processes(play->kernel, find_running, &play->pid);
    assert_in_range(play->pid, 1, PLAY_PIDS - 1);
    if (play->context.eip != CALL_AT) return true;
    trap = (struct kernel_trap){.kind = KERNEL_TRAP_CALL, .start = CALL_AT};
    play->context.eip = play->behind[play->pid];
  }
  fail_msg("all wait for ever");
  return false;
}

bool play_run(struct play* play) { return enter(play, (struct kernel_trap){.kind = KERNEL_TRAP_START}); }
bool play_tick(struct play* play) { return enter(play, (struct kernel_trap){.kind = KERNEL_TRAP_INTERRUPT}); }

int32_t play_call(struct play* play, uint32_t number, uint32_t argument) {
  play->context.reg[KERNEL_EAX] = number;
  play->context.reg[KERNEL_EBX] = argument;
  play->behind[play->pid] = play->context.eip;
  enter(play, (struct kernel_trap){.kind = KERNEL_TRAP_CALL, .start = CALL_AT});
  return (int32_t)play->context.reg[KERNEL_EAX];
}

void play_switch(struct play* play, int pid) {
  for (unsigned n = 0; n < 200 && play->pid != pid; n++) play_call(play, PLAY_YIELD, 0);
  assert_int_equal(play->pid, pid);
}

bool play_touch(struct play* play, uint32_t va, unsigned size, enum fake_kind kind, uint64_t* pa) {
  int pid = play->pid;
  for (unsigned n = 0; n < 3; n++) {
    if (fake_segment(&play->fake, va, size, kind, pa)) return true;
    enter(play, (struct kernel_trap){.kind = KERNEL_TRAP_EXCEPTION, .vector = 13, .cr2 = va, .start = PLAY_TEXT});
    if (play->pid != pid) return false;
  }
  fail_msg("the reference to %#x faults again and again", va);
  return false;
}

bool play_store(struct play* play, uint32_t va, uint32_t value) {
  uint64_t pa;
  if (!play_touch(play, va, 4, FAKE_WRITE, &pa)) return false;
  fake_poke(&play->fake, pa, 4, value);
  return true;
}

bool play_load(struct play* play, uint32_t va, uint32_t* value) {
  uint64_t pa;
  if (!play_touch(play, va, 4, FAKE_READ, &pa)) return false;
  *value = (uint32_t)fake_word(&play->fake, pa, 4);
  return true;
}

uint32_t play_word(struct play* play, uint32_t va) {
  uint32_t value = 0;
  if (!play_load(play, va, &value)) fail_msg("the reference to %#x faulted", va);
  return value;
}

// ---------------------------------------------------------------------------------------------------------------------

const struct kernel_stats* play_stats(struct play* play) {
  static struct kernel_stats stats;
  kernel_stats(play->kernel, &stats);
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

bool play_process(struct play* play, int pid, struct kernel_process* process) {
  struct search search = {.pid = pid, .found = process, .any = false};
  kernel_processes(play->kernel, find_pid, &search);
  return search.any;
}
