// SPDX-License-Identifier: MIT
#include "engine/event.h"

#include <inttypes.h>
#include <stdio.h>

static const char* const type_names[EVENT_TYPE_COUNT] = {
    [EVENT_ACCEPT] = "accept",
    [EVENT_LOOKUP] = "lookup",
    [EVENT_WALK_BEGIN] = "walk begins",
    [EVENT_READ] = "read",
    [EVENT_CAS] = "cas",
    [EVENT_FILL] = "fill",
    [EVENT_DROP] = "drop",
    [EVENT_PDPTE] = "pdptes",
    [EVENT_CONTROL] = "control",
    [EVENT_ANSWER] = "answer",
    [EVENT_PSC] = "walk cache",
    [EVENT_DATA] = "data",
    [EVENT_WRITEBACK] = "write-back",
};
static const char* const array_names[ARRAY_COUNT] = {
    "itlb", "itlb.large", "dtlb", "dtlb.large", "stlb", "stlb.large", "psc.pde", "psc.pdpte", "psc.pml4e", "psc.pml5e"};
static const char* const port_names[PORT_COUNT] = {"fetch", "data"};
static const char* const path_names[] = {"off", "l1", "stlb", "walk"};
static const char* const fault_names[] = {"ok", "pf", "gp", "bus"};
static const char* const control_names[] = {"cr0", "cr3", "cr4", "efer", "pkru", "invlpg", "invpcid", "segment"};
static const char* const served_names[SERVED_COUNT] = {"L1D", "L2", "L3", "memory"};
static const char* const kind_names[] = {"read", "write", "fetch"};

#define NAME(names, index) ((size_t)(index) < sizeof(names) / sizeof *(names) ? (names)[index] : "?")

const char* event_type_name(enum event_type type) { return NAME(type_names, type); }
const char* port_name(enum port port) { return NAME(port_names, port); }
const char* tlb_array_name(enum tlb_array array) { return NAME(array_names, array); }
const char* answer_path_name(enum answer_path path) { return NAME(path_names, path); }
const char* fault_kind_name(enum fault_kind fault) { return NAME(fault_names, fault); }
const char* control_op_name(enum control_op op) { return NAME(control_names, op); }

static void detail(const struct event* e, char* text, size_t room) {
  switch ((enum event_type)e->type) {
    case EVENT_ACCEPT:
      snprintf(text, room, "%s %" PRIx64, NAME(kind_names, e->kind), e->va);
      break;
    case EVENT_LOOKUP:
      if (e->hit)
        snprintf(text, room, "%" PRIx64 " hits %s set %u way %u", e->va, NAME(array_names, e->array), e->set, e->way);
      else
        snprintf(text, room, "%" PRIx64 " misses %s", e->va, NAME(array_names, e->array));
      break;
    case EVENT_WALK_BEGIN:
      snprintf(text, room, "%s%" PRIx64, e->kind ? "prefetches " : "for ", e->va);
      break;
    case EVENT_PSC:
      if (e->hit)
        snprintf(text, room, "hits %s way %u", NAME(array_names, e->array), e->way);
      else
        snprintf(text, room, "misses %s", NAME(array_names, e->array));
      break;
    case EVENT_DATA:
      snprintf(text, room, "of %" PRIx64 " from %s", e->pa, NAME(served_names, e->served));
      break;
    case EVENT_WRITEBACK:
      snprintf(text, room, "of line %" PRIx64, e->pa);
      break;
    case EVENT_READ:
      snprintf(text, room, "level %u at %" PRIx64 " = %" PRIx64 ", from %s", e->level, e->pa, e->value,
               NAME(served_names, e->served));
      break;
    case EVENT_CAS:
      snprintf(text, room, "level %u at %" PRIx64 " to %" PRIx64 "%s", e->level, e->pa, e->value,
               e->hit ? "" : ", failed: it changed");
      break;
    case EVENT_FILL:
      snprintf(text, room, "%s set %u way %u: %" PRIx64 " -> %" PRIx64 ", page of 2^%u bytes%s",
               NAME(array_names, e->array), e->set, e->way, e->va, e->pa, e->shift, e->hit ? ", evicting another" : "");
      break;
    case EVENT_DROP:
      snprintf(text, room, "%s set %u way %u", NAME(array_names, e->array), e->set, e->way);
      break;
    case EVENT_PDPTE:
      snprintf(text, room, "loaded from %" PRIx64, e->pa);
      break;
    case EVENT_CONTROL:
      snprintf(text, room, "%s %" PRIx64 "%s", NAME(control_names, e->kind), e->va, e->hit ? ": #GP" : "");
      break;
    case EVENT_ANSWER:
      if (e->kind == FAULT_PF)
        snprintf(text, room, "%" PRIx64 " -> #PF, error code %" PRIx64 ", path %s", e->va, e->value,
                 NAME(path_names, e->level));
      else
        snprintf(text, room, "%" PRIx64 " -> %s %" PRIx64 ", path %s", e->va, NAME(fault_names, e->kind), e->pa,
                 NAME(path_names, e->level));
      break;
    default:
      snprintf(text, room, "?");
  }
}

const char* event_text(const struct event* event, char* text, size_t room) {
  char rest[160];
  detail(event, rest, sizeof rest);
  bool ported = event->type != EVENT_DROP && event->type != EVENT_PDPTE && event->type != EVENT_CONTROL &&
                event->type != EVENT_WRITEBACK;
  snprintf(text, room, "cycle %-8" PRIu64 " %-5s  %-11s %s", event->cycle, ported ? NAME(port_names, event->port) : "",
           NAME(type_names, event->type), rest);
  return text;
}

const char* answer_text(const struct answer* answer, char* text, size_t room) {
  char what[64];
  if (answer->fault == FAULT_PF)
    snprintf(what, sizeof what, "pf err=%x cr2=%" PRIx64, answer->error, answer->cr2);
  else if (answer->fault == FAULT_NONE)
    snprintf(what, sizeof what, "ok pa=%" PRIx64, answer->pa);
  else
    snprintf(what, sizeof what, "%s", NAME(fault_names, answer->fault));
  snprintf(text, room, "%s path=%s reads=%u cycles=%" PRIu64 "%s", what, NAME(path_names, answer->path), answer->reads,
           answer->cycle - answer->accept + 1, answer->merged ? " merged" : "");
  return text;
}

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

int event_compare(const struct event* a, const struct event* b) {
  int order = 0;
#define FIELD(name) \
  if (!order) order = compare(a->name, b->name)
  FIELD(cycle);
  FIELD(type);
  FIELD(port);
  FIELD(kind);
  FIELD(array);
  FIELD(set);
  FIELD(way);
  FIELD(va);
  FIELD(pa);
  FIELD(value);
  FIELD(hit);
  FIELD(level);
  FIELD(shift);
  FIELD(served);
#undef FIELD
  return order;
}
