// SPDX-License-Identifier: MIT
// Makes a trace's addresses fit a paging mode (docs/traces.md, "Folding").
#include <stdlib.h>

#include "workload/pageset.h"
#include "workload/trace.h"

enum { REGION_SHIFT = 22 };
#define REGION_BYTES (UINT64_C(1) << REGION_SHIFT)
#define USER_END UINT64_C(0xc0000000)
// Slot 0 stays empty, so that null pointers still fault.
#define FIRST_SLOT 1
#define SLOTS (USER_END / REGION_BYTES - FIRST_SLOT)

typedef unsigned long long ull;

static uint64_t last_byte(const struct ref* ref) { return ref->va + (ref->size - 1); }

static bool canonical(uint64_t va, unsigned bits) {
  return (uint64_t)((int64_t)(va << (64 - bits)) >> (64 - bits)) == va;
}

static bool fit_long(const struct trace* trace, enum paging_mode mode, struct error* err) {
  unsigned bits = mode == MODE_5LEVEL ? 57 : 48;
  for (size_t i = 0; i < trace->count; i++) {
    const struct ref* ref = &trace->refs[i];
    if (canonical(ref->va, bits) && canonical(last_byte(ref), bits)) continue;
    return error_set(err,
                     "reference %llu: address 0x%llx (size %u) is not canonical in %s paging (bits 63 to %u must be "
                     "equal)",
                     (ull)(trace->skipped + i + 1), (ull)ref->va, ref->size, paging_mode_name(mode), bits - 1);
  }
  return true;
}

// The first reference beyond user space, or the trace's count.
static size_t first_wide(const struct trace* trace) {
  size_t i = 0;
  while (i < trace->count && last_byte(&trace->refs[i]) < USER_END) i++;
  return i;
}

static bool crosses(const struct ref* ref) { return (ref->va ^ last_byte(ref)) >> REGION_SHIFT != 0; }

// Gives every region its slot, in order of first touch; counts references that cross. False if memory runs out.
static bool find_regions(const struct trace* trace, struct pageset* slots, size_t* crossing) {
  uint64_t last = UINT64_MAX;
  for (size_t i = 0; i < trace->count; i++) {
    const struct ref* ref = &trace->refs[i];
    bool two = crosses(ref);
    if (!two && ref->va >> REGION_SHIFT == last) continue;
    for (int part = 0; part <= two; part++) {
      last = (part ? last_byte(ref) : ref->va) >> REGION_SHIFT;
      uint32_t* slot = pageset_add(slots, last);
      if (!slot) return false;
      if (*slot == 0) *slot = (uint32_t)slots->count - 1 + FIRST_SLOT;
    }
    *crossing += two;
  }
  return true;
}

static uint64_t folded(struct pageset* slots, uint64_t va) {
  return (uint64_t)*pageset_add(slots, va >> REGION_SHIFT) << REGION_SHIFT | (va & (REGION_BYTES - 1));
}

// From the last to the first reference, so that those that become two find their room behind.
static void fold(struct trace* trace, struct pageset* slots, size_t crossing) {
  uint64_t region = UINT64_MAX, base = 0;
  for (size_t i = trace->count, to = trace->count + crossing; i-- > 0;) {
    struct ref ref = trace->refs[i];
    if (crosses(&ref)) {
      struct ref second = ref;
      second.size = (uint16_t)((last_byte(&ref) & (REGION_BYTES - 1)) + 1);
      second.va = folded(slots, last_byte(&ref) & ~(REGION_BYTES - 1));
      trace->refs[--to] = second;
      ref.size = (uint16_t)(ref.size - second.size);
    }
    if (ref.va >> REGION_SHIFT != region) {
      region = ref.va >> REGION_SHIFT;
      base = folded(slots, region << REGION_SHIFT);
    }
    ref.va = base | (ref.va & (REGION_BYTES - 1));
    trace->refs[--to] = ref;
  }
  trace->count += crossing;
}

static bool fold_all(struct trace* trace, struct pageset* slots, enum paging_mode mode, struct error* err) {
  size_t crossing = 0;
  if (!find_regions(trace, slots, &crossing)) return error_set(err, "not enough memory to fold the trace");
  if (slots->count > SLOTS)
    return error_set(err,
                     "the trace touches %zu regions of 4 MiB, but %s paging has room for %llu of them below 3 GiB: run "
                     "a part of it, or a 64-bit mode",
                     slots->count, paging_mode_name(mode), (ull)SLOTS);
  if (crossing > 0) {
    struct ref* refs = realloc(trace->refs, (trace->count + crossing) * sizeof *refs);
    if (!refs) return error_set(err, "not enough memory to fold the trace");
    trace->refs = refs;
  }
  fold(trace, slots, crossing);
  return true;
}

bool trace_fit(struct trace* trace, enum paging_mode mode, bool strict, size_t* regions, struct error* err) {
  if (regions) *regions = 0;
  if (mode == MODE_4LEVEL || mode == MODE_5LEVEL) return fit_long(trace, mode, err);
  size_t wide = first_wide(trace);
  if (wide == trace->count) return true;
  if (strict)
    return error_set(err,
                     "reference %llu: address 0x%llx is beyond what a program may use in %s paging (0 to 0xbfffffff); "
                     "without --strict the trace is folded to fit",
                     (ull)(trace->skipped + wide + 1), (ull)trace->refs[wide].va, paging_mode_name(mode));
  struct pageset slots = {0};
  bool ok = fold_all(trace, &slots, mode, err);
  if (ok && regions) *regions = slots.count;
  pageset_free(&slots);
  return ok;
}
