// SPDX-License-Identifier: MIT
#include "model/tlb.h"

static bool mixed(const struct tlb* tlb) { return tlb->array[1].sets == 0; }

// The array that holds pages of this size.
static bool lives_in_large(const struct tlb* tlb, unsigned shift) { return shift != PAGE_SHIFT && !mixed(tlb); }

bool tlb_create(struct tlb* tlb, const struct tlb_config* config, enum port port, struct tlb_counters* counters,
                struct events* events) {
  tlb->latency = config->latency;
  tlb->name = port == PORT_FETCH ? ARRAY_ITLB : ARRAY_DTLB;
  tlb->counters = counters;
  tlb->events = events;
  tlb_shortcuts_forget(tlb);
  if (!array_create(&tlb->array[0], config->sets, config->ways, config->replacement)) return false;
  if (array_create(&tlb->array[1], config->large_sets, config->large_ways, config->replacement)) return true;
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
    found.hit = array_find(&tlb->array[found.large], va, shift, &found.at);
    if (found.hit) return found;
  }
  return (struct tlb_hit){.hit = false};
}

void tlb_touch(struct tlb* tlb, struct tlb_hit hit, uint64_t cycle) {
  array_touch(&tlb->array[hit.large], hit.at, cycle);
}

static void forget_page(struct tlb* tlb, uint64_t va, unsigned shift) {
  if (shift == PAGE_SHIFT) {
    tlb_shortcut(tlb, va >> PAGE_SHIFT)->page = SHORTCUT_NONE;
    return;
  }
  for (int i = 0; i < SHORTCUTS; i++)
    if ((tlb->shortcuts[i].page ^ va >> PAGE_SHIFT) >> (shift - PAGE_SHIFT) == 0)
      tlb->shortcuts[i].page = SHORTCUT_NONE;
}

void tlb_fill(struct tlb* tlb, const struct translation* t, uint64_t cycle) {
  bool large = lives_in_large(tlb, t->shift), evicts;
  struct array* array = &tlb->array[large];
  struct place at = array_choose(array, t, &evicts);
  if (evicts) {
    const struct translation* victim = array_entry(array, at);
    forget_page(tlb, victim->va, victim->shift);
  }
  forget_page(tlb, t->va, t->shift);
  array_put(array, at, t, cycle);
  tlb->counters->fills++;
  tlb->counters->evictions += evicts;
  events_emit(tlb->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_FILL,
                                           .port = tlb->name == ARRAY_ITLB ? PORT_FETCH : PORT_DATA,
                                           .array = (uint8_t)(tlb->name + large),
                                           .set = (uint16_t)at.set,
                                           .way = (uint16_t)at.way,
                                           .shift = t->shift,
                                           .va = t->va,
                                           .pa = t->pa,
                                           .hit = evicts});
}

static void drop(struct tlb* tlb, bool large, struct place at, uint64_t cycle) {
  array_drop(&tlb->array[large], at);
  tlb->counters->drops++;
  events_emit(tlb->events, &(struct event){.cycle = cycle,
                                           .type = EVENT_DROP,
                                           .array = (uint8_t)(tlb->name + large),
                                           .set = (uint16_t)at.set,
                                           .way = (uint16_t)at.way});
}

void tlb_drop_address(struct tlb* tlb, uint64_t va, uint64_t cycle) {
  static const uint8_t sizes[] = {12, 21, 22, 30};
  struct place at;
  for (unsigned i = 0; i < sizeof sizes; i++) {
    bool large = lives_in_large(tlb, sizes[i]);
    if (!array_find(&tlb->array[large], va, sizes[i], &at)) continue;
    drop(tlb, large, at, cycle);
    forget_page(tlb, va, sizes[i]);
  }
}

void tlb_drop_all(struct tlb* tlb, bool keep_global, uint64_t cycle) {
  for (int large = 0; large < 2; large++) {
    const struct array* array = &tlb->array[large];
    struct place at;
    for (at.set = 0; at.set < array->sets; at.set++)
      for (at.way = 0; at.way < array->ways; at.way++)
        if (array_valid(array, at) && !(keep_global && array_entry(array, at)->global)) drop(tlb, large, at, cycle);
  }
  tlb_shortcuts_forget(tlb);
}

size_t tlb_dump(const struct tlb* tlb, bool large, struct tlb_entry* entries, size_t room) {
  const struct array* array = &tlb->array[large];
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
                                                .global = t->global};
    }
  }
  return count;
}

void tlb_shortcut_make(struct tlb* tlb, const struct paging* paging, uint64_t va, struct tlb_hit hit) {
  struct array* array = &tlb->array[hit.large];
  const struct translation* t = array_entry(array, hit.at);
  struct shortcut* shortcut = tlb_shortcut(tlb, va >> PAGE_SHIFT);
  uint64_t* state = &array->replacement[hit.at.set * array->words];
  shortcut->page = va >> PAGE_SHIFT;
  shortcut->pa = t->pa | (va & bits_between(PAGE_SHIFT, t->shift));
  shortcut->replacement = array->policy == REPLACE_LRU ? state + hit.at.way : state;
  shortcut->allowed = paging->allowed[t->key][t->rights];
  if (!t->dirty) shortcut->allowed &= ~ACCESS_CLASSES_WRITING;
  if (array->policy != REPLACE_LRU) shortcut->path = replacement_path(array->ways, hit.at.way);
}

void tlb_shortcuts_forget(struct tlb* tlb) {
  for (int i = 0; i < SHORTCUTS; i++) tlb->shortcuts[i].page = SHORTCUT_NONE;
}
