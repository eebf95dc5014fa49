// SPDX-License-Identifier: MIT
#include "script/bench.h"

#include <inttypes.h>
#include <string.h>

#include "engine/serial.h"
#include "engine/watchdog.h"

bool bench_open(struct bench* bench, enum engine_kind kind, const struct config* config, struct error* err) {
  return bench_open_memory(bench, kind, config, BENCH_MEMORY, err);
}

bool bench_open_memory(struct bench* bench, enum engine_kind kind, const struct config* config, uint64_t bytes,
                       struct error* err) {
  struct memory_bus second = {0};
  *bench = (struct bench){.ram = ram_create(bytes)};
  serial_reset_segments(bench->segments);
  bool memory = bench->ram != NULL;
  if (memory && kind == ENGINE_BOTH) {
    bench->mirror = ram_create(bytes);
    memory = bench->mirror != NULL;
  }
  if (!memory) {
    bench_close(bench);
    return error_set(err, "out of memory");
  }
  if (bench->mirror) {
    ram_mirror(bench->ram, bench->mirror);
    second = ram_bus(bench->mirror);
  }
  bench->engine = engine_create(kind, config, ram_bus(bench->ram), bench->mirror ? &second : NULL, false, err);
  if (bench->engine) return true;
  bench_close(bench);
  return false;
}

void bench_close(struct bench* bench) {
  engine_destroy(bench->engine);
  ram_destroy(bench->ram);
  ram_destroy(bench->mirror);
  *bench = (struct bench){0};
}

uint64_t bench_va_mask(const struct bench* bench) {
  uint64_t registers[5], pdptes[4];
  engine_registers(bench->engine, registers, pdptes);
  return serial_va_mask(registers[CONTROL_CR0], registers[CONTROL_EFER]);
}

// ---------------------------------------------------------------------------------------------------------------------
// A window

// One port's references, one after the other, and of each its parts.
struct lane {
  struct bench_access* access;  // on its way; NULL: nothing more for this port
  struct ref rest;              // what is still to be presented, whole: the first part's segment check needs its size
  uint16_t part;                // bytes of it that the part in flight covers
  bool first;
  enum { LANE_PRESENTING, LANE_WAITING } state;
};

struct window {
  struct bench* bench;
  struct lane lane[PORT_COUNT];
  struct bench_access *accesses, *accesses_end;
  struct bench_action* actions;
  size_t n_actions;
  uint64_t start;
  size_t undone;                 // actions whose cycle has not come
  struct bench_action* control;  // the control operation under way
  uint64_t control_since;
};

static void lane_accepted(const struct bench* bench, struct lane* lane) {
  uint32_t in_page = serial_in_page(&lane->rest, bench->segments);
  lane->part = in_page < lane->rest.size ? (uint16_t)in_page : lane->rest.size;
  lane->state = LANE_WAITING;
}

static enum port port_of(const struct ref* ref) { return ref->kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA; }

// The port's next reference, from `access` on.
static void lane_take(struct window* window, enum port port, struct bench_access* access) {
  while (access < window->accesses_end && port_of(&access->ref) != port) access++;
  bool more = access < window->accesses_end;
  struct lane next = {.access = more ? access : NULL, .first = true, .state = LANE_PRESENTING};
  if (more) next.rest = access->ref;
  window->lane[port] = next;
}

static void lane_answered(struct window* window, enum port port, const struct answer* answer) {
  struct lane* lane = &window->lane[port];
  struct answer* whole = &lane->access->answer;
  if (lane->first) {
    *whole = *answer;
  } else {
    serial_join(whole, answer);
    if (answer->fault != FAULT_NONE) {
      whole->pa = 0;
      whole->fault = answer->fault;
      whole->error = answer->error;
      whole->cr2 = answer->cr2;
    }
  }
  lane->first = false;
  lane->rest.size = (uint16_t)(lane->rest.size - lane->part);
  if (answer->fault != FAULT_NONE || lane->rest.size == 0) {
    lane_take(window, port, lane->access + 1);
    return;
  }
  lane->state = LANE_PRESENTING;
  lane->rest.va = (lane->rest.va + lane->part) & bench_va_mask(window->bench);
}

static bool lane_presents(const struct window* window, enum port port, uint64_t now) {
  const struct lane* lane = &window->lane[port];
  return lane->access && lane->state == LANE_PRESENTING && window->start + lane->access->at <= now;
}

// Does what is due in cycle `now`; a control operation is handed back for the tick.
static bool do_actions(struct window* window, uint64_t now, const struct control** control, struct error* err) {
  *control = NULL;
  for (size_t i = 0; i < window->n_actions && window->undone; i++) {
    struct bench_action* action = &window->actions[i];
    if (window->start + action->at != now) continue;
    window->undone--;
    if (!action->is_control) {
      ram_write_word(window->bench->ram, action->pa, action->size, action->value);
      continue;
    }
    if (window->control)
      return error_set(err,
                       "the control operation `at %" PRIu64
                       "` arrives while another is under way, which is not "
                       "possible: give it a later cycle",
                       action->at);
    window->control = action;
    window->control_since = now;
    *control = &action->control;
  }
  return true;
}

static void control_over(struct window* window, uint64_t now, bool gp) {
  const struct control* control = &window->control->control;
  if (control->op == CONTROL_SEGMENT && !gp)
    window->bench->segments[control->index & (SEGMENT_COUNT - 1)] = control->segment;
  window->control->gp = gp;
  window->control->cycles = now - window->control_since + 1;
  window->control = NULL;
}

static bool over(const struct window* window) {
  for (int port = 0; port < PORT_COUNT; port++)
    if (window->lane[port].access) return false;
  return !window->undone && !window->control;
}

// The next cycle worth executing: any that the engine names, the next action's, and while a part waits to be accepted
// every one.
static uint64_t next_cycle(const struct window* window, uint64_t now, uint64_t engine_next) {
  uint64_t next = engine_next;
  for (int port = 0; port < PORT_COUNT; port++) {
    const struct lane* lane = &window->lane[port];
    if (!lane->access || lane->state != LANE_PRESENTING) continue;
    uint64_t due = window->start + lane->access->at;
    if (due <= now) due = now + 1;
    if (due < next) next = due;
  }
  for (size_t i = 0; i < window->n_actions; i++) {
    uint64_t due = window->start + window->actions[i].at;
    if (due > now && due < next) next = due;
  }
  return next;
}

bool bench_window(struct bench* bench, struct bench_access* accesses, size_t n_accesses, struct bench_action* actions,
                  size_t n_actions, struct error* err) {
  struct window window = {.bench = bench,
                          .accesses = accesses,
                          .accesses_end = n_accesses ? accesses + n_accesses : accesses,  // both may be NULL
                          .actions = actions,
                          .n_actions = n_actions,
                          .undone = n_actions,
                          .start = engine_now(bench->engine)};
  for (int port = 0; port < PORT_COUNT; port++) lane_take(&window, (enum port)port, accesses);

  for (uint64_t now = window.start; !over(&window);) {
    struct tick_in in = {0};
    struct tick_out out;
    if (!do_actions(&window, now, &in.control, err)) return false;
    for (int port = 0; port < PORT_COUNT; port++)
      if (lane_presents(&window, (enum port)port, now)) in.part[port] = &window.lane[port].rest;
    engine_tick(bench->engine, now, &in, &out);
    if (!engine_agrees(bench->engine, NULL))
      return error_set(err, watchdog_barks(bench->engine) ? "the MMU is stuck" : "the engines differ");
    for (int port = 0; port < PORT_COUNT; port++) {
      if (out.accepted[port]) lane_accepted(bench, &window.lane[port]);
      if (out.answered[port]) lane_answered(&window, (enum port)port, &out.answer[port]);
    }
    if (out.control_done && window.control) control_over(&window, now, out.control_gp);
    if (over(&window)) break;
    now = next_cycle(&window, now, out.next);
    if (now != UINT64_MAX) continue;
    bench->stuck = true;
    return error_set(err, "the engine is idle though it owes an answer: a bug of the engine");
  }
  return true;
}
