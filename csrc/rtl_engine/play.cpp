// SPDX-License-Identifier: MIT
// References until they are answered, and what if one never is.
#include "rtl_engine/instance.h"

namespace {

// Prefetches go on while nobody asks for anything.
void Shim::catch_up(uint64_t cycle_in) {
  if (config.prefetch == PREFETCH_NONE || stuck) return;
  withdraw();
  for (uint64_t next = due; next < cycle_in;) {
    struct tick_out out;
    cycle(next, &out);
    if (out.next <= next) return;  // a prefetch that is stuck: nobody waits for it
    next = out.next;
  }
}

void Shim::tick(uint64_t cycle_in, const struct tick_in& in, struct tick_out* out) {
  if (stuck) return refuse(cycle_in, in, out);
  catch_up(cycle_in);
  withdraw();
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (in.part[p]) present(p, *in.part[p]);
  }
  if (in.control) {
    control = *in.control;
    watchdog.control.owed = true;
    watchdog.control.since = cycle_in;
    watchdog.control.control = control;
    watchdog.control.loads = false;
    top.control_i = 1;
    top.control_op_i = control.op;
    top.control_user_i = control.user;
    top.control_value_i = control.value;
    top.control_type_i = control.type;
    top.control_pcid_i = control.pcid;
    top.control_index_i = control.index & (SEGMENT_COUNT - 1);
    top.control_base_i = control.segment.base;
    top.control_limit_i = control.segment.limit;
    top.control_flags_i = static_cast<CData>(control.segment.present << 3 | control.segment.writable << 2 |
                                             control.segment.expand_down << 1 | (control.segment.privilege == 3));
  }
  cycle(cycle_in, out);
  // A part that was held back by an operation can be accepted in the cycle after it.
  bool held = (in.part[PORT_FETCH] && !out->accepted[PORT_FETCH]) || (in.part[PORT_DATA] && !out->accepted[PORT_DATA]);
  if (out->control_done && held) out->next = cycle_in + 1;
}

// A bug of the RTL: what is owed for too long, or for ever, as nothing comes any more or time stands still, is given
// up.
void Shim::watch(uint64_t cycle, struct tick_out* out) {
  const bool for_ever = out->next == UINT64_MAX || out->next <= cycle;
  bool late = watchdog.control.owed && (for_ever || cycle - watchdog.control.since > watchdog.patience);
  for (unsigned p = 0; p < PORT_COUNT; p++)
    late |= watchdog.port[p].owed && (for_ever || cycle - watchdog.port[p].since > watchdog.patience);
  if (__builtin_expect(late, 0)) give_up(cycle, out);
}

// Keeps the report (engine_agrees), and lets everybody go who waits: they learn from it that these answers are none.
void Shim::give_up(uint64_t cycle, struct tick_out* out) {
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!watchdog.port[p].owed || watchdog.port[p].began) continue;
    struct event& latest = watchdog.port[p].latest;  // as far as it is known without events
    latest = {};
    latest.type = parts[p].walking ? EVENT_WALK_BEGIN : EVENT_ACCEPT;
    if (parts[p].asked.type != EVENT_TYPE_COUNT) latest = parts[p].asked;
    latest.port = static_cast<uint8_t>(p);
    watchdog.port[p].began = true;
  }
  if (!stuck) watchdog_report(&watchdog, cycle, report, sizeof report);
  stuck = true;
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    if (!watchdog.port[p].owed) continue;
    watchdog.port[p].owed = false;
    out->answered[p] = true;
    out->answer[p] = {};
    out->answer[p].accept = parts[p].accept;
    out->answer[p].cycle = cycle;
    out->answer[p].fault = FAULT_BUS;
  }
  out->control_done |= watchdog.control.owed;
  out->control_gp |= watchdog.control.owed;
  watchdog.control.owed = false;
}

// A cycle of an MMU that was given up: whatever is asked comes to nothing, at once.
void Shim::refuse(uint64_t cycle, const struct tick_in& in, struct tick_out* out) {
  *out = {};
  for (unsigned p = 0; p < PORT_COUNT; p++) {
    watchdog.port[p].owed = out->accepted[p] = in.part[p] != nullptr;
    parts[p].accept = cycle;
  }
  watchdog.control.owed = in.control != nullptr;
  out->next = cycle + 1;
  give_up(cycle, out);
  now = cycle + 1;
}

// Goes on until the port answers, from a cycle that has been harvested into *out.
uint64_t Shim::wait_answer(unsigned port, uint64_t cycle_in, struct tick_out* out, struct answer* answer, bool* fault,
                           uint32_t* data) {
  while (!out->answered[port]) cycle(cycle_in = out->next, out);
  *answer = out->answer[port];
  *fault = answer->fault != FAULT_NONE;
  *data = answer->data;
  return cycle_in;
}

// An answer in the cycle of acceptance, without a fault, is a hit, or paging is off: nothing else happened in it but
// the lookup of its data.
uint64_t Shim::issue(const struct ref& part, uint64_t cycle_in, bool want, struct answer* answer, bool* fault,
                     uint32_t* data) {
#if VM_TRACE
  constexpr bool quick = false;
#else
  const bool quick = !notify && config.prefetch == PREFETCH_NONE;
#endif
  if (!quick) return issue_slowly(part, cycle_in, answer, fault, data);
  top.now_i = cycle_in;
  bool hit, looked_up;
  unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  if (port == PORT_FETCH) {
    present(PORT_FETCH, part);
    rise();
    top.fetch_i = 0;
    hit = top.fetch_answer_o && top.fetch_fault_o == FAULT_NONE;
    looked_up = top.fetch_lookup_o;
  } else {
    present(PORT_DATA, part);
    rise();
    top.data_i = 0;
    hit = top.data_answer_o && top.data_fault_o == FAULT_NONE;
    looked_up = top.data_lookup_o;
  }
  fall();
  if (__builtin_expect(!hit, 0)) {
    struct tick_out out;
    for (unsigned u = 0; u < walkers; u++) {
      top.reply_i[u] = 0;
      memory_events[u].type = EVENT_TYPE_COUNT;
    }
    harvest(cycle_in, &out);
    withdraw();
    return wait_answer(port, cycle_in, &out, answer, fault, data);
  }
  counters.cycles_base++;
  *data = 0;
  if (port == PORT_DATA && top.served_data_o) {
    if (__builtin_expect(top.served_level_o != SERVED_L1D, 0)) {
      *data = data_delay();
      counters.cycles_data += *data;
    }
  }
  if (want) {
    *answer = {};
    answer->accept = answer->cycle = cycle_in;
    answer->pa = port == PORT_FETCH ? top.fetch_pa_o : top.data_pa_o;
    answer->path = looked_up ? PATH_L1 : PATH_OFF;
    answer->base = 1;
    answer->data = *data;
  }
  *fault = false;
  return cycle_in;
}

uint64_t Shim::issue_slowly(const struct ref& part, uint64_t cycle_in, struct answer* answer, bool* fault,
                            uint32_t* data) {
  unsigned port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  struct tick_out out;
  catch_up(cycle_in);
  present(port, part);
  cycle(cycle_in, &out);
  withdraw();
  return wait_answer(port, cycle_in, &out, answer, fault, data);
}

}  // namespace
