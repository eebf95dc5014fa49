// SPDX-License-Identifier: MIT
// The core's bus: references through the engine, data to and from memory, and what a user program may ask of the
// system.
#include "machine/cpu.h"

#include <string.h>

#include "machine/inside.h"

enum { FRAME_BYTES = 4096 };

// The selectors of user code and data: Linux's on i386. Others than these and null are refused.
enum { USER_CODE = 0x73, USER_DATA = 0x7b, NO_SELECTOR = 0, REQUESTED_PRIVILEGE = 3 };

static struct cpu* of(struct core* core) { return core->owner; }

// --- what goes wrong -------------------------------------------------------------------------------------------------

static bool fault(struct core* core, enum core_vector vector, uint32_t error) {
  core->fault = (struct core_fault){.vector = vector, .error = error};
  return false;
}

// The engine's answer as an exception. Where the machine itself is broken the core stops with #MC, and the machine
// looks no further.
static __attribute__((noinline)) bool refuse(struct core* core, const struct ref* ref, const struct answer* answer) {
  struct cpu* cpu = of(core);
  switch (answer->fault) {
    case FAULT_PF:
      core->fault = (struct core_fault){.vector = CORE_PF_FAULT, .error = answer->error, .cr2 = (uint32_t)answer->cr2};
      cpu->cr2 = answer->cr2;
      return false;
    case FAULT_GP:
      cpu->cr2 = ref->va;
      return fault(core, CORE_GP, 0);
    case FAULT_BUS:
      machine_bus_error(cpu->machine, "process", ref);
      return fault(core, CORE_MC, 0);
    default:
      machine_check(cpu->machine);
      return fault(core, CORE_MC, 0);
  }
}

// The reference was translated to where there is no memory.
static bool no_memory_there(struct core* core, uint32_t offset) {
  of(core)->cr2 = offset;
  return fault(core, CORE_MC, 0);
}

// --- memory ----------------------------------------------------------------------------------------------------------

// The bytes of pa's frame; NULL if it was never written, or is not there: *there tells.
static inline uint8_t* frame_at(struct cpu* cpu, uint64_t pa, bool* there) {
  uint64_t frame = pa / FRAME_BYTES;
  unsigned place = frame % CPU_FRAMES;
  *there = true;
  if (__builtin_expect(cpu->frames[place].data && cpu->frames[place].frame == frame, 1)) return cpu->frames[place].data;
  *there = pa < ram_bytes(cpu->ram);
  if (!*there) return NULL;
  cpu->frames[place].frame = frame;
  return cpu->frames[place].data = ram_frame(cpu->ram, frame * FRAME_BYTES);
}

static inline void copy(void* to, const void* from, unsigned size) {
  if (size == 4)
    memcpy(to, from, 4);
  else if (size == 1)
    memcpy(to, from, 1);
  else if (size == 2)
    memcpy(to, from, 2);
  else
    memcpy(to, from, size);
}

// Bytes within one frame. False: no memory answers there.
static inline bool read_part(struct cpu* cpu, uint64_t pa, unsigned size, void* data) {
  bool there;
  const uint8_t* frame = frame_at(cpu, pa, &there);
  if (__builtin_expect(frame != NULL, 1))
    copy(data, frame + pa % FRAME_BYTES, size);
  else if (there)
    memset(data, 0, size);
  return there;
}

static inline bool write_part(struct cpu* cpu, uint64_t pa, unsigned size, const void* data) {
  bool there;
  uint8_t* frame = frame_at(cpu, pa, &there);
  if (__builtin_expect(frame && cpu->plain, 1))
    copy(frame + pa % FRAME_BYTES, data, size);
  else if (there)
    ram_write(cpu->ram, pa, data, size);
  return there;
}

// How much of a reference lies in the first of the frames that it goes to.
static inline unsigned in_frame(const struct answer* answer, unsigned size) {
  unsigned room = FRAME_BYTES - (unsigned)(answer->pa % FRAME_BYTES);
  return size < room ? size : room;
}

static inline bool read_data(struct core* core, const struct answer* answer, uint32_t offset, unsigned size,
                             void* data) {
  struct cpu* cpu = of(core);
  unsigned first = in_frame(answer, size);
  bool there = read_part(cpu, answer->pa, first, data);
  if (__builtin_expect(first < size, 0))
    there = there && read_part(cpu, answer->across, size - first, (uint8_t*)data + first);
  return there || no_memory_there(core, offset);
}

static inline bool write_data(struct core* core, const struct answer* answer, uint32_t offset, unsigned size,
                              const void* data) {
  struct cpu* cpu = of(core);
  unsigned first = in_frame(answer, size);
  bool there = answer->pa < ram_bytes(cpu->ram) && (first == size || answer->across < ram_bytes(cpu->ram));
  if (!there) return no_memory_there(core, offset);
  write_part(cpu, answer->pa, first, data);
  if (__builtin_expect(first < size, 0)) write_part(cpu, answer->across, size - first, (const uint8_t*)data + first);
  return true;
}

// --- references ------------------------------------------------------------------------------------------------------

// The MMU's segment register that a reference to `offset` goes through.
static inline uint8_t segment_of(const struct cpu* cpu, uint32_t offset) {
  return cpu->select == HAL_SELECT_FLAT ? 0 : cpu->select == HAL_SELECT_ONE ? 1 : (uint8_t)(1 + (offset >> 30));
}

// Written where it stays: a copy would wait until the processor of the host has the single fields in memory.
static inline void make_ref(const struct cpu* cpu, enum access_kind kind, uint32_t offset, unsigned size,
                            struct ref* ref) {
  ref->va = offset;
  ref->size = (uint16_t)size;
  ref->kind = (uint8_t)kind;
  ref->flags = REF_USER;
  ref->segment = segment_of(cpu, offset);
  memset(ref->unused, 0, sizeof ref->unused);
}

static bool play_traced(struct cpu* cpu, const struct ref* ref, struct answer* answer) {
  struct play play = {.until = UINT64_MAX, .answers = answer};
  engine_play(cpu->engine, ref, 1, &play);
  if (play.stop != PLAY_END) *answer = play.stop == PLAY_FAULT ? play.fault : (struct answer){.fault = FAULT_NONE};
  struct machine_reference reference = {.ref = *ref, .answer = *answer, .answered = play.stop == PLAY_END};
  cpu->trace(cpu->trace_ctx, &reference);
  return play.stop == PLAY_END;
}

// One reference. False: core->fault.
static inline bool reference(struct core* core, enum access_kind kind, enum core_segment segment, uint32_t offset,
                             unsigned size, struct answer* answer) {
  struct cpu* cpu = of(core);
  uint8_t forbidden = kind == ACCESS_WRITE ? cpu->unwritable : cpu->unreadable;
  if (__builtin_expect(forbidden >> segment & 1, 0)) return fault(core, CORE_GP, 0);
  struct ref ref;
  make_ref(cpu, kind, offset, size, &ref);
  bool answered = __builtin_expect(cpu->trace != NULL, 0) ? play_traced(cpu, &ref, answer)
                                                          : engine_issue(cpu->engine, &ref, answer);
  if (__builtin_expect(!answered, 0)) return refuse(core, &ref, answer);
  if (__builtin_expect(answer->cycle + answer->data + 1 >= cpu->alarm, 0)) core->timer = true;
  return true;
}

static const uint8_t* bus_fetch(struct core* core, uint32_t eip, unsigned size) {
  struct cpu* cpu = of(core);
  struct answer answer;
  bool there;
  if (!reference(core, ACCESS_FETCH, CORE_CS, eip, size, &answer)) return NULL;
  unsigned at = answer.pa % FRAME_BYTES;
  const uint8_t* frame = frame_at(cpu, answer.pa, &there);
  if (__builtin_expect(frame && at <= FRAME_BYTES - CORE_CODE_ROOM, 1)) return frame + at;
  return read_data(core, &answer, eip, size, cpu->code) ? cpu->code : NULL;
}

static bool bus_load(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data) {
  struct answer answer;
  return reference(core, ACCESS_READ, segment, offset, size, &answer) && read_data(core, &answer, offset, size, data);
}

static bool bus_store(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, const void* data) {
  struct answer answer;
  return reference(core, ACCESS_WRITE, segment, offset, size, &answer) && write_data(core, &answer, offset, size, data);
}

// The read of a read-modify-write is a write to the MMU: it asks for the permission and sets D, so that the write that
// follows can't fault.
static bool bus_load_modify(struct core* core, enum core_segment segment, uint32_t offset, unsigned size, void* data) {
  struct answer answer;
  return reference(core, ACCESS_WRITE, segment, offset, size, &answer) && read_data(core, &answer, offset, size, data);
}

// --- looking ahead ---------------------------------------------------------------------------------------------------

static bool probe(struct cpu* cpu, uint32_t eip, unsigned size, struct answer* answer) {
  struct ref ref;
  make_ref(cpu, ACCESS_FETCH, eip, size, &ref);
  engine_probe(cpu->engine, &ref, answer);
  return answer->fault == FAULT_NONE;
}

// As many bytes of code as can be fetched at `eip` without leaving its frame, at most `most`: a segment's limit may
// come earlier. *page_ends: the next byte lies in another page.
static unsigned peek_part(struct cpu* cpu, uint32_t eip, unsigned most, uint8_t* bytes, bool* page_ends) {
  struct answer answer;
  *page_ends = false;
  if (!probe(cpu, eip, 1, &answer)) return 0;
  unsigned size = in_frame(&answer, most);
  while (cpu->select != HAL_SELECT_FLAT && size > 1 && !probe(cpu, eip, size, &answer)) size--;
  *page_ends = (answer.pa + size) % FRAME_BYTES == 0;
  return read_part(cpu, answer.pa, size, bytes) ? size : 0;
}

static unsigned bus_peek(struct core* core, uint32_t eip, uint8_t bytes[CORE_INSTRUCTION_BYTES]) {
  struct cpu* cpu = of(core);
  bool page_ends;
  unsigned count = peek_part(cpu, eip, CORE_INSTRUCTION_BYTES, bytes, &page_ends);
  if (page_ends && count < CORE_INSTRUCTION_BYTES)
    count += peek_part(cpu, eip + count, CORE_INSTRUCTION_BYTES - count, bytes + count, &page_ends);
  return count;
}

// --- the system ------------------------------------------------------------------------------------------------------

static enum cpu_selector held(const struct cpu* cpu, unsigned segment) { return cpu->segments >> 2 * segment & 3; }

// What references through each segment register may do.
static void look_at_segments(struct cpu* cpu) {
  cpu->unreadable = 0;
  cpu->unwritable = 1 << CORE_CS;
  for (unsigned segment = 0; segment < CORE_SEGMENTS; segment++) {
    enum cpu_selector selector = held(cpu, segment);
    if (selector == CPU_NULL) cpu->unreadable |= (uint8_t)(1 << segment);
    if (selector != CPU_USER) cpu->unwritable |= (uint8_t)(1 << segment);
  }
}

// MOV, POP and LDS of a data segment register (SDM vol. 2, MOV: "Protected Mode Exceptions").
static bool load_segment(struct core* core, enum core_segment segment, uint16_t selector) {
  struct cpu* cpu = of(core);
  enum cpu_selector now;
  if (selector == USER_DATA)
    now = CPU_USER;
  else if (selector == USER_CODE && segment != CORE_SS)
    now = CPU_CODE;
  else if (selector == NO_SELECTOR && segment != CORE_SS)
    now = CPU_NULL;
  else
    return fault(core, CORE_GP, selector & ~(uint32_t)REQUESTED_PRIVILEGE);
  cpu->segments = (cpu->segments & ~(3u << 2 * segment)) | (uint32_t)now << 2 * segment;
  look_at_segments(cpu);
  return true;
}

// There is one code segment, and nothing to go to from it.
static bool load_cs(struct core* core, uint16_t selector) {
  return fault(core, CORE_GP, selector & ~(uint32_t)REQUESTED_PRIVILEGE);
}

static void read_clock(const struct cpu* cpu, struct core_system* operation) {
  uint64_t now = engine_now(cpu->engine);
  operation->value = (uint32_t)now;
  operation->high = (uint32_t)(now >> 32);
}

// Only what a user program may ask for gets here (the core has looked at the privilege): of control registers SMSW's
// CR0, of tables the instructions that store their registers, which are 0, as there are no tables in memory.
static bool bus_system(struct core* core, struct core_system* operation) {
  struct cpu* cpu = of(core);
  uint64_t registers[5], pdptes[4];
  switch (operation->op) {
    case CORE_LOAD_SEGMENT:
      return load_segment(core, operation->index, (uint16_t)operation->value);
    case CORE_LOAD_CS:
      return load_cs(core, (uint16_t)operation->value);
    case CORE_READ_CR:
      engine_registers(cpu->engine, registers, pdptes);
      operation->value = operation->index == 0 ? (uint32_t)registers[CONTROL_CR0] : 0;
      return operation->index == 0 || fault(core, CORE_GP, 0);
    case CORE_STORE_TABLE:
      operation->value = operation->limit = 0;
      return true;
    case CORE_READ_TSC:
      read_clock(cpu, operation);
      return true;
    default:
      return fault(core, CORE_GP, 0);
  }
}

static const struct core_bus bus = {.peek = bus_peek,
                                    .fetch = bus_fetch,
                                    .load = bus_load,
                                    .store = bus_store,
                                    .load_modify = bus_load_modify,
                                    .store_modify = bus_store,
                                    .system = bus_system};

// --- the processor ---------------------------------------------------------------------------------------------------

bool cpu_create(struct cpu* cpu, struct machine* machine) {
  cpu->machine = machine;
  cpu->engine = machine->engine;
  cpu->ram = machine->ram;
  cpu->core = core_create(&bus, cpu);
  return cpu->core != NULL;
}

void cpu_destroy(struct cpu* cpu) { core_destroy(cpu->core); }

void cpu_load(struct cpu* cpu, const struct kernel_context* context) {
  static const uint16_t selectors[] = {[CPU_USER] = USER_DATA, [CPU_CODE] = USER_CODE, [CPU_NULL] = NO_SELECTOR};
  struct core_state* state = &cpu->core->state;
  _Static_assert(KERNEL_REGISTERS == (int)CORE_REGISTERS, "both have the order of the machine code");
  memcpy(state->reg, context->reg, sizeof state->reg);
  state->eip = context->eip;
  state->eflags = context->eflags;
  state->cpl = 3;
  cpu->segments = context->segments;
  for (unsigned segment = 0; segment < CORE_SEGMENTS; segment++)
    state->selector[segment] = segment == CORE_CS ? USER_CODE : selectors[held(cpu, segment)];
  look_at_segments(cpu);
}

void cpu_save(const struct cpu* cpu, struct kernel_context* context) {
  const struct core_state* state = &cpu->core->state;
  memcpy(context->reg, state->reg, sizeof state->reg);
  context->eip = state->eip;
  context->eflags = state->eflags;
  context->segments = cpu->segments;
}

struct core_stop cpu_run(struct cpu* cpu, uint64_t steps, uint64_t alarm) {
  if (cpu->forget) core_forget(cpu->core);
  cpu->forget = false;
  cpu->plain = ram_is_plain(cpu->ram);
  cpu->alarm = alarm;
  cpu->cr2 = 0;
  cpu->core->timer = engine_now(cpu->engine) >= alarm;
  return core_run(cpu->core, steps);
}
