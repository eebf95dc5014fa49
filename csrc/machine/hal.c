// SPDX-License-Identifier: MIT
// The HAL: the kernel's loads and stores become supervisor references of the engine, and the data move at the answer.
#include <inttypes.h>
#include <stdio.h>

#include "machine/inside.h"

enum { LINE = 64, LINES_AT_ONCE = 64 };  // a block goes by references of a line each, a page of them at a time

static struct machine* machine_of(struct hal* hal) { return (struct machine*)hal; }

static const char* kind_name(uint8_t kind) {
  return kind == ACCESS_WRITE ? "write to" : kind == ACCESS_FETCH ? "fetch from" : "read of";
}

// Plays the kernel's references. False if the machine is broken, or breaks now.
static bool play(struct machine* machine, const struct ref* refs, size_t n, struct answer* answers) {
  struct play play = {.until = UINT64_MAX, .answers = answers};
  if (machine->broken) return false;
  engine_play(machine->engine, refs, n, &play);
  if (!machine_check(machine)) return false;
  if (play.stop != PLAY_FAULT) return true;
  if (play.fault.fault == FAULT_BUS) {
    machine_bus_error(machine, "kernel", &refs[play.done]);
    return false;
  }
  machine_break(machine,
                "kernel panic: the kernel's own %s 0x%" PRIx64 " faulted (%s, error code 0x%x, CR2 0x%" PRIx64 ")",
                kind_name(refs[play.done].kind), refs[play.done].va,
                play.fault.fault == FAULT_PF ? "page fault" : "general protection", play.fault.error, play.fault.cr2);
  return false;
}

// The answered address, if that memory exists.
static bool reachable(struct machine* machine, uint64_t va, uint64_t pa, uint64_t bytes) {
  if (pa + bytes <= ram_bytes(machine->ram)) return true;
  machine_break(machine,
                "kernel panic: the kernel's reference to 0x%" PRIx64 " leads to 0x%" PRIx64 ", beyond the memory", va,
                pa);
  return false;
}

static bool one(struct machine* machine, uint64_t va, unsigned size, enum access_kind kind, uint64_t* pa) {
  struct ref ref = {.va = va, .size = (uint16_t)size, .kind = (uint8_t)kind};
  struct answer answer;
  if (!play(machine, &ref, 1, &answer)) return false;
  *pa = answer.pa;
  return reachable(machine, va, answer.pa, size);
}

static uint64_t load(struct hal* hal, uint64_t va, unsigned size) {
  struct machine* machine = machine_of(hal);
  uint64_t pa;
  return one(machine, va, size, ACCESS_READ, &pa) ? ram_read_word(machine->ram, pa, size) : 0;
}

static void store(struct hal* hal, uint64_t va, unsigned size, uint64_t value) {
  struct machine* machine = machine_of(hal);
  uint64_t pa;
  if (one(machine, va, size, ACCESS_WRITE, &pa)) ram_write_word(machine->ram, pa, size, value);
}

// ---------------------------------------------------------------------------------------------------------------------
// Blocks

enum block_op { BLOCK_ZERO, BLOCK_READ, BLOCK_WRITE };

static void move(struct machine* machine, enum block_op op, const struct ref* ref, uint64_t pa, uint8_t** data) {
  if (!reachable(machine, ref->va, pa, ref->size)) return;
  switch (op) {
    case BLOCK_ZERO:
      ram_zero(machine->ram, pa, ref->size);
      return;
    case BLOCK_READ:
      ram_read(machine->ram, pa, *data, ref->size);
      break;
    case BLOCK_WRITE:
      ram_write(machine->ram, pa, *data, ref->size);
      break;
  }
  *data += ref->size;
}

// The reference for the part of [va, end) that lies in va's line.
static struct ref line_at(uint64_t va, uint64_t end, enum block_op op) {
  uint64_t in_line = LINE - va % LINE;
  return (struct ref){.va = va,
                      .size = (uint16_t)(end - va < in_line ? end - va : in_line),
                      .kind = op == BLOCK_READ ? ACCESS_READ : ACCESS_WRITE};
}

static void block(struct hal* hal, enum block_op op, uint64_t va, uint8_t* data, uint64_t bytes) {
  struct machine* machine = machine_of(hal);
  uint64_t end = va + bytes;
  while (va < end) {
    struct ref refs[LINES_AT_ONCE];
    struct answer answers[LINES_AT_ONCE];
    size_t n = 0;
    for (; n < LINES_AT_ONCE && va < end; n++) {
      refs[n] = line_at(va, end, op);
      va += refs[n].size;
    }
    if (!play(machine, refs, n, answers)) return;
    for (size_t i = 0; i < n; i++) move(machine, op, &refs[i], answers[i].pa, &data);
  }
}

static void zero(struct hal* hal, uint64_t va, uint64_t bytes) { block(hal, BLOCK_ZERO, va, NULL, bytes); }

static void block_read(struct hal* hal, uint64_t va, void* to, uint64_t bytes) {
  block(hal, BLOCK_READ, va, to, bytes);
}

static void block_write(struct hal* hal, uint64_t va, const void* from, uint64_t bytes) {
  block(hal, BLOCK_WRITE, va, (uint8_t*)from, bytes);  // BLOCK_WRITE only reads it
}

static uint64_t peek(const struct hal* hal, uint64_t pa, unsigned size) {
  const struct machine* machine = (const struct machine*)hal;
  return pa + size <= ram_bytes(machine->ram) ? ram_read_word(machine->ram, pa, size) : 0;
}

// ---------------------------------------------------------------------------------------------------------------------
// Control, clock, disk, narration

// What the core has decoded may lie elsewhere afterwards.
static bool control(struct machine* machine, const struct control* control) {
  if (machine->broken) return true;  // the kernel goes on to its normal return
  machine->cpu.forget = true;
  bool done = engine_control(machine->engine, control);
  return machine_check(machine) ? done : true;
}

static bool write_register(struct hal* hal, enum hal_register reg, uint64_t value) {
  static const enum control_op ops[] = {[HAL_CR0] = CONTROL_CR0,
                                        [HAL_CR3] = CONTROL_CR3,
                                        [HAL_CR4] = CONTROL_CR4,
                                        [HAL_EFER] = CONTROL_EFER,
                                        [HAL_PKRU] = CONTROL_PKRU};
  const struct control operation = {.op = (uint8_t)ops[reg], .value = value};
  return control(machine_of(hal), &operation);
}

static void invlpg(struct hal* hal, uint64_t va) {
  const struct control operation = {.op = CONTROL_INVLPG, .value = va};
  control(machine_of(hal), &operation);
}

static bool invpcid(struct hal* hal, unsigned type, unsigned pcid, uint64_t va) {
  const struct control operation = {.op = CONTROL_INVPCID, .type = type, .pcid = pcid, .value = va};
  return control(machine_of(hal), &operation);
}

static bool load_segment(struct hal* hal, unsigned number, const struct hal_segment* segment) {
  const struct control operation = {.op = CONTROL_SEGMENT,
                                    .index = (uint8_t)number,
                                    .segment = {.base = segment->base,
                                                .limit = segment->limit,
                                                .present = segment->present,
                                                .writable = segment->writable,
                                                .expand_down = segment->expand_down,
                                                .privilege = segment->user ? 3 : 0}};
  return control(machine_of(hal), &operation);
}

static void select_segments(struct hal* hal, enum hal_select select) {
  struct machine* machine = machine_of(hal);
  machine->cpu.select = select;
  machine->cpu.forget = true;
}

static void set_timer(struct hal* hal, uint64_t cycle) { machine_of(hal)->timer = cycle; }

static uint64_t now(const struct hal* hal) { return machine_now((const struct machine*)hal); }

static void work(struct hal* hal, uint64_t cycles) {
  struct machine* machine = machine_of(hal);
  machine_pass(machine, cycles, &machine->work);
}

static uint64_t start(struct hal* hal, enum hal_disk_op op, uint64_t number, uint64_t pa) {
  struct machine* machine = machine_of(hal);
  if (machine->broken) return 0;
  uint64_t ticket = disk_start(machine->disk, op, number, pa, machine_now(machine));
  if (ticket == 0)
    machine_break(machine, "kernel panic: a disk transfer between block %" PRIu64 " and 0x%" PRIx64 " is impossible",
                  number, pa);
  return ticket;
}

static bool is_done(struct hal* hal, uint64_t ticket, uint64_t* checksum) {
  struct machine* machine = machine_of(hal);
  *checksum = 0;
  if (machine->broken) return false;
  disk_advance(machine->disk, machine_now(machine));
  enum disk_answer answer = disk_poll(machine->disk, ticket, checksum);
  if (answer == DISK_UNKNOWN) machine_break(machine, "kernel panic: the disk knows no transfer %" PRIu64, ticket);
  return answer == DISK_DONE;
}

static void print(struct hal* hal, const char* text) {
  (void)hal;
  fprintf(stderr, "%s\n", text);
}

static void console(struct hal* hal, int pid, const void* bytes, size_t count) {
  struct machine* machine = machine_of(hal);
  if (machine->console) machine->console(machine->console_ctx, pid, bytes, count);
}

static void note(struct hal* hal, const struct hal_note* note) {
  struct machine* machine = machine_of(hal);
  if (machine->narrate) machine->narrate(machine->narrate_ctx, machine_now(machine), note);
  if (note->kind == HAL_NOTE_PANIC) machine_break(machine, "%s", note->text ? note->text : "kernel panic");
}

const struct hal_ops machine_hal_ops = {
    .load = load,
    .store = store,
    .zero = zero,
    .read = block_read,
    .write = block_write,
    .peek = peek,
    .write_register = write_register,
    .invlpg = invlpg,
    .invpcid = invpcid,
    .load_segment = load_segment,
    .select_segments = select_segments,
    .set_timer = set_timer,
    .now = now,
    .work = work,
    .disk_start = start,
    .disk_done = is_done,
    .print = print,
    .console = console,
    .note = note,
};
