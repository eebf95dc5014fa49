// SPDX-License-Identifier: MIT
// Programs and what is done to them.
#include "core/program.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { STACK_TOP = 0xc0000000u - 4096, STACK_BYTES = 1 << 18, FRAMES = 6 };
enum { SYS_EXIT = 1, SYS_WRITE = 4, SYS_BRK = 45, SYS_SCHED_YIELD = 158 };
enum { HEAP_LIMIT = 1 << 30 };
enum { PROTECT_EVERY = 1000, TIMER_STEPS = 3 };

const char* const program_mode_names[PROGRAM_MODES] = {"mapped", "faults", "protected", "frames", "timer", "attention"};

// --- what a mode does to references ----------------------------------------------------------------------------------

struct malice {
  enum program_mode mode;
  uint64_t steps;    // of the instruction that `granted` belongs to
  unsigned at;       // references made since it was begun or begun again
  unsigned granted;  // references that have faulted already
  uint64_t references;
  uint64_t protected_at;
  uint32_t frames[FRAMES];  // pages present, oldest first
  unsigned frame_count;
};

static bool permit(struct memory* memory, enum memory_kind kind, uint32_t offset, unsigned size) {
  struct malice* malice = memory->permit_ctx;
  (void)kind, (void)offset, (void)size;
  if (malice->mode == PROGRAM_ATTENTION && ++malice->references % 3 == 0) memory->core->timer = true;
  if (malice->mode != PROGRAM_FAULTS) return true;
  if (malice->steps != memory->core->steps) {
    malice->steps = memory->core->steps;
    malice->at = malice->granted = 0;
  }
  if (malice->at++ < malice->granted) return true;
  malice->granted++;
  return false;
}

static void take_right(struct memory* memory, unsigned right) {
  for (unsigned i = 0; i < memory->mapped_count; i++) memory->rights[memory->mapped[i]] &= (uint8_t)~right;
}

static void begin_malice(struct memory* memory, struct malice* malice) {
  if (malice->mode == PROGRAM_PROTECTED) take_right(memory, MEMORY_WRITE);
  if (malice->mode == PROGRAM_FRAMES) take_right(memory, MEMORY_PRESENT);
  memory->permit = permit;
  memory->permit_ctx = malice;
}

// True: the fault was of our making, and the program can go on.
static bool serve_fault(struct memory* memory, struct malice* malice, const struct core_stop* stop) {
  uint32_t page = stop->cr2 / MEMORY_PAGE;
  malice->at = 0;
  if (stop->vector != CORE_PF_FAULT || !memory->page[page]) return false;
  if (malice->mode == PROGRAM_FAULTS) return true;
  if (malice->mode == PROGRAM_PROTECTED) {
    memory->rights[page] |= MEMORY_WRITE;
    return true;
  }
  if (malice->mode != PROGRAM_FRAMES) return false;
  if (malice->frame_count == FRAMES) {
    memory->rights[malice->frames[0]] &= (uint8_t)~MEMORY_PRESENT;
    memmove(malice->frames, malice->frames + 1, (FRAMES - 1) * sizeof *malice->frames);
    malice->frame_count--;
  }
  malice->frames[malice->frame_count++] = page;
  memory->rights[page] |= MEMORY_PRESENT;
  return true;
}

// --- programs --------------------------------------------------------------------------------------------------------

static uint32_t up_to_page(uint32_t address) { return (address + MEMORY_PAGE - 1) / MEMORY_PAGE * MEMORY_PAGE; }

static void push(struct memory* memory, uint32_t* esp, const void* data, size_t bytes) {
  *esp -= (uint32_t)bytes;
  memory_write(memory, *esp, data, bytes);
}

// As System V's ABI wants it: argc, argv and a NULL, the environment's NULL; the strings above.
static void push_arguments(struct memory* memory, int argc, const char* const* argv) {
  uint32_t esp = STACK_TOP - 64, text[64], zero = 0;
  assert_true(argc < 64);
  for (int i = argc; i-- > 0; text[i] = esp) push(memory, &esp, argv[i], strlen(argv[i]) + 1);
  esp &= ~3u;
  push(memory, &esp, &zero, sizeof zero);
  push(memory, &esp, &zero, sizeof zero);
  for (int i = argc; i-- > 0;) push(memory, &esp, &text[i], sizeof text[i]);
  push(memory, &esp, &argc, sizeof argc);
  memory->core->state.reg[CORE_ESP] = esp;
}

static void load(struct program_run* run, const struct elf* elf) {
  struct memory* memory = run->memory;
  for (unsigned i = 0; i < elf->segment_count; i++) {
    const struct elf_segment* s = &elf->segments[i];
    unsigned rights = MEMORY_PRESENT | MEMORY_USER | (s->write ? MEMORY_WRITE : 0) | (s->execute ? MEMORY_EXECUTE : 0);
    memory_map(memory, s->address, s->memory_bytes, rights);
    memory_write(memory, s->address, elf->image + s->offset, s->file_bytes);
    run->heap_end = up_to_page(s->address + s->memory_bytes);
  }
  memory_map(memory, STACK_TOP - STACK_BYTES, STACK_BYTES, MEMORY_ALL);
  memory->core->state.eip = elf->entry;
}

static unsigned rights_of_new_pages(enum program_mode mode) {
  unsigned rights = MEMORY_PRESENT | MEMORY_WRITE | MEMORY_USER;
  if (mode == PROGRAM_FRAMES) rights &= ~(unsigned)MEMORY_PRESENT;
  if (mode == PROGRAM_PROTECTED) rights &= ~(unsigned)MEMORY_WRITE;
  return rights;
}

// The heap grows; nobody looks whether it shrinks.
static uint32_t set_heap_end(struct program_run* run, uint32_t end) {
  const struct malice* malice = run->memory->permit_ctx;
  uint32_t from = up_to_page(run->heap_end), to = up_to_page(end);
  if (end == 0 || end > HEAP_LIMIT) return run->heap_end;
  if (to > from) memory_map(run->memory, from, to - from, rights_of_new_pages(malice->mode));
  return run->heap_end = end;
}

static uint32_t write_output(struct program_run* run, uint32_t fd, uint32_t from, uint32_t bytes) {
  if (fd != STDOUT_FILENO) return bytes;
  assert_true(bytes <= sizeof run->output - run->length);
  memory_read(run->memory, from, run->output + run->length, bytes);
  run->length += bytes;
  return bytes;
}

// Returns false when the program is over.
static bool serve_call(struct program_run* run) {
  uint32_t* reg = run->memory->core->state.reg;
  switch (reg[CORE_EAX]) {
    case SYS_EXIT:
      run->status = (int)(reg[CORE_EBX] & 0xff);
      return false;
    case SYS_WRITE:
      reg[CORE_EAX] = write_output(run, reg[CORE_EBX], reg[CORE_ECX], reg[CORE_EDX]);
      return true;
    case SYS_BRK:
      reg[CORE_EAX] = set_heap_end(run, reg[CORE_EBX]);
      return true;
    case SYS_SCHED_YIELD:
      reg[CORE_EAX] = 0;
      return true;
    default:
      fail_msg("a test program made system call %u", reg[CORE_EAX]);
      return false;
  }
}

static struct core_stop run_some(struct program_run* run, const struct malice* malice, uint64_t left) {
  struct core* core = run->memory->core;
  uint64_t steps = left;
  if (malice->mode == PROGRAM_TIMER && steps > TIMER_STEPS) steps = TIMER_STEPS;
  if (malice->mode == PROGRAM_PROTECTED && steps > PROTECT_EVERY) steps = PROTECT_EVERY;
  if (malice->mode != PROGRAM_FAULTS) return core_run(core, steps);
  struct core_state before = core->state;
  struct core_stop stop = core_run(core, 1);
  if (stop.kind == CORE_STOP_EXCEPTION) assert_memory_equal(&core->state, &before, sizeof before);
  return stop;
}

struct program_run* program_run_with(const struct elf* elf, int argc, const char* const* argv, enum program_mode mode,
                                     uint64_t limit) {
  struct program_run* run = calloc(1, sizeof *run);
  struct malice malice = {.mode = mode};
  assert_non_null(run);
  run->memory = memory_create();
  run->memory->refuse_system = true;  // segments are loaded by kernels
  run->status = -1;
  load(run, elf);
  push_arguments(run->memory, argc, argv);
  begin_malice(run->memory, &malice);
  struct core* core = run->memory->core;
  while (core->steps < limit) {
    run->stop = run_some(run, &malice, limit - core->steps);
    if (run->stop.kind == CORE_STOP_CALL && !serve_call(run)) break;
    if (run->stop.kind == CORE_STOP_EXCEPTION && !serve_fault(run->memory, &malice, &run->stop)) break;
    if (run->stop.kind != CORE_STOP_CALL) run->interruptions++;
    if (mode == PROGRAM_PROTECTED && core->steps - malice.protected_at >= PROTECT_EVERY) {
      malice.protected_at = core->steps;
      take_right(run->memory, MEMORY_WRITE);
    }
  }
  run->memory->permit = NULL;
  return run;
}

struct program_run* program_run(const struct elf* elf, enum program_mode mode, uint64_t limit) {
  return program_run_with(elf, 0, NULL, mode, limit);
}

void program_free(struct program_run* run) {
  memory_destroy(run->memory);
  free(run);
}

void program_assert_equal(const struct program_run* a, const struct program_run* b) {
  uint32_t offset;
  assert_int_equal(a->status, b->status);
  assert_int_equal(a->length, b->length);
  assert_memory_equal(a->output, b->output, a->length);
  assert_memory_equal(&a->memory->core->state, &b->memory->core->state, sizeof(struct core_state));
  assert_int_equal(a->memory->core->instructions, b->memory->core->instructions);
  assert_int_equal(a->memory->core->steps, b->memory->core->steps);
  if (!memory_equal(a->memory, b->memory, &offset)) fail_msg("memory differs at %08x", offset);
}

bool program_native(const char* path, unsigned seconds, char output[PROGRAM_OUTPUT_MAX], size_t* length, int* status) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    alarm(seconds);
    execl(path, path, (char*)NULL);
    _exit(127);
  }
  close(ends[1]);
  *length = 0;
  for (ssize_t got; (got = read(ends[0], output + *length, PROGRAM_OUTPUT_MAX - *length)) > 0;) *length += (size_t)got;
  close(ends[0]);
  assert_int_equal(waitpid(pid, status, 0), pid);
  if (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGALRM) return false;
  assert_true(WIFEXITED(*status));
  *status = WEXITSTATUS(*status);
  return true;
}
