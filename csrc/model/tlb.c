// SPDX-License-Identifier: MIT
#include "model/tlb.h"

static bool mixed(const struct tlb* tlb) { return tlb->array[1].sets == 0; }

// The array that holds pages of this size.
static bool lives_in_large(const struct tlb* tlb, unsigned shift) { return shift != PAGE_SHIFT && !mixed(tlb); }

bool tlb_create(struct tlb* tlb, const struct tlb_config* config, enum tlb_array name, struct tlb_counters* counters,
                struct size_counters* sizes, struct events* events, struct shortcuts* shortcuts,
                struct touches* touches) {
  *tlb = (struct tlb){.latency = config->latency,
                      .name = name,
                      .counters = counters,
                      .sizes = sizes,
                      .events = events,
                      .shortcuts = shortcuts,
                      .touches = touches};
  if (shortcuts) {
    shortcuts->policy = config->replacement;
    shortcuts_forget(shortcuts);
  }
  uint32_t large_sets = config->sets ? config->large_sets : 0;
  if (!array_create(&tlb->array[0], config->sets, config->ways, config->replacement)) return false;
  if (array_create(&tlb->array[1], large_sets, config->large_ways, config->replacement)) return true;
  array_free(&tlb->array[0]);
  return false;
}

void tlb_free(struct tlb* tlb) {
  array_free(&tlb->array[0]);
  array_free(&tlb->array[1]);
}

struct tlb_hit tlb_find(const struct tlb* tlb, const struct paging* paging, uint64_t va) {
  struct tlb_hit found = {.hit = false};
  for (unsigned i = 0; i < paging->size_count; i++) {
    unsigned shift = paging->sizes[i];
    found.large = lives_in_large(tlb, shift);
    found.hit = array_find(&tlb->array[found.large], va, shift, paging->pcid, &found.at);
    if (found.hit) return found;
  }
  return (struct tlb_hit){.hit = false};
}

void tlb_count_lookup(const struct tlb* tlb, enum port port, struct tlb_hit hit, uint64_t va, uint64_t cycle) {
  *(hit.hit ? &tlb->sizes->hits[size_class(tlb_entry_at(tlb, hit)->shift)] : &tlb->counters->misses) += 1;
  events_emit(tlb->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_LOOKUP,
                                           .port = (uint8_t)port,
                                           .array = (uint8_t)(tlb->name + hit.large),
                                           .hit = hit.hit,
                                           .set = (uint16_t)hit.at.set,
                                           .way = (uint16_t)hit.at.way,
                                           .va = va});
}

void tlb_touch(struct tlb* tlb, struct tlb_hit hit, enum port port, uint64_t cycle) {
  struct array* array = &tlb->array[hit.large];
  if (tlb->touches)
    touches_add(tlb->touches, array, hit.at, stamp_of_lookup(cycle, port));
  else
    array_touch(array, hit.at, stamp_of_lookup(cycle, port));
}

static void drop(struct tlb* tlb, bool large, struct place at, uint64_t cycle) {
  struct array* array = &tlb->array[large];
  const struct translation* t = array_entry(array, at);
  if (tlb->shortcuts) shortcuts_forget_page(tlb->shortcuts, t->va, t->shift);
  array_drop(array, at);
  tlb->counters->drops++;
  events_emit(tlb->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_DROP,
                                           .array = (uint8_t)(tlb->name + large),
                                           .set = (uint16_t)at.set,
                                           .way = (uint16_t)at.way});
}

bool tlb_fill(struct tlb* tlb, struct cause cause, const struct translation* t, bool fresh, uint64_t cycle) {
  bool large = lives_in_large(tlb, t->shift);
  struct array* array = &tlb->array[large];
  struct filled filled = array_fill(array, t, fresh && !t->global, tlb->touches, stamp_of_fill(cycle, cause));
  bool evicts = filled.choice == CHOICE_VICTIM;
  if (tlb->shortcuts) {
    if (evicts) shortcuts_forget_page(tlb->shortcuts, filled.gone_va, filled.gone_shift);
    if (!fresh) shortcuts_forget_page(tlb->shortcuts, t->va, t->shift);
  }
  if (!cause.prefetch) {
    tlb->sizes->fills[size_class(t->shift)]++;
    tlb->sizes->evictions[size_class(t->shift)] += evicts;
  }
  events_emit(tlb->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_FILL,
                                           .port = (uint8_t)cause.port,
                                           .kind = cause.prefetch,
                                           .array = (uint8_t)(tlb->name + large),
                                           .set = (uint16_t)filled.at.set,
                                           .way = (uint16_t)filled.at.way,
                                           .shift = t->shift,
                                           .va = t->va,
                                           .pa = t->pa,
                                           .hit = evicts});
  // Without PCIDs and global pages a page is in one way at most.
  struct place at = filled.at;
  if (filled.choice == CHOICE_OVERWRITE)
    while (array_find_further(array, t, &at)) drop(tlb, large, at, cycle);
  return evicts;
}

void tlb_drop_address(struct tlb* tlb, uint64_t va, unsigned pcid, bool globals, uint64_t cycle) {
  static const uint8_t sizes[] = {12, 21, 22, 30};
  struct place at;
  for (unsigned i = 0; i < sizeof sizes; i++) {
    bool large = lives_in_large(tlb, sizes[i]);
    const struct array* array = &tlb->array[large];
    if (globals ? array_find(array, va, sizes[i], pcid, &at) : array_find_own(array, va, sizes[i], pcid, &at))
      drop(tlb, large, at, cycle);
  }
}

static bool concerned(const struct translation* t, unsigned pcid, bool globals) {
  return t->global ? globals : pcid == ANY_PCID || t->pcid == pcid;
}

void tlb_drop_entries(struct tlb* tlb, unsigned pcid, bool globals, uint64_t cycle) {
  for (int large = 0; large < 2; large++) {
    const struct array* array = &tlb->array[large];
    struct place at;
    for (at.set = 0; at.set < array->sets; at.set++)
      for (at.way = 0; at.way < array->ways; at.way++)
        if (array_valid(array, at) && concerned(array_entry(array, at), pcid, globals)) drop(tlb, large, at, cycle);
  }
}

size_t array_dump(const struct array* array, struct tlb_entry* entries, size_t room) {
  size_t count = 0;
  struct place at;
  for (at.set = 0; at.set < array->sets; at.set++) {
    for (at.way = 0; at.way < array->ways; at.way++) {
      if (!array_valid(array, at)) continue;
      const struct translation* t = array_entry(array, at);
      if (count++ < room)
        entries[count - 1] = (struct tlb_entry){.set = (uint16_t)at.set,
                                                .way = (uint16_t)at.way,
                                                .va = t->va,
                                                .pa = t->pa,
                                                .shift = t->shift,
                                                .writable = t->rights & RIGHT_WRITE,
                                                .user = t->rights & RIGHT_USER,
                                                .no_execute = t->rights & RIGHT_NO_EXECUTE,
                                                .dirty = t->dirty,
                                                .global = t->global,
                                                .pcid = t->global ? 0 : t->pcid,
                                                .key = t->key};
    }
  }
  return count;
}
