// SPDX-License-Identifier: MIT
// Which pages a trace touches, and how.
#include <stdlib.h>

#include "workload/pageset.h"
#include "workload/trace.h"

enum { PAGE_SHIFT = 12 };

static int by_key(const void* a, const void* b) {
  uint64_t x = ((const struct pageset_entry*)a)->key, y = ((const struct pageset_entry*)b)->key;
  return (x > y) - (x < y);
}

// Every page with the kinds of its references, one bit a kind.
static bool collect(const struct trace* trace, struct pageset* pages) {
  uint64_t known[3] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};  // the page that each kind touched last
  for (size_t i = 0; i < trace->count; i++) {
    const struct ref* ref = &trace->refs[i];
    uint64_t first = ref->va >> PAGE_SHIFT, last = (ref->va + (ref->size - 1)) >> PAGE_SHIFT;
    if (first == last && first == known[ref->kind]) continue;
    for (uint64_t page = first;; page = last) {
      uint32_t* use = pageset_add(pages, page);
      if (!use) return false;
      *use |= 1u << ref->kind;
      if (page == last) break;
    }
    known[ref->kind] = last;
  }
  return true;
}

// The entries to the front, in order. Ends the set's life as a hash table.
static void sort(struct pageset* pages) {
  size_t count = 0;
  for (size_t i = 0; i < pages->room; i++)
    if (pages->entries[i].key != 0) pages->entries[count++] = pages->entries[i];
  qsort(pages->entries, count, sizeof *pages->entries, by_key);
}

static bool merge(const struct pageset* pages, struct trace_ranges* ranges) {
  ranges->ranges = calloc(pages->count ? pages->count : 1, sizeof *ranges->ranges);
  if (!ranges->ranges) return false;
  uint32_t use = 0;
  for (size_t i = 0; i < pages->count; i++) {
    uint64_t start = (pages->entries[i].key - 1) << PAGE_SHIFT;
    if (ranges->count == 0 || ranges->ranges[ranges->count - 1].end != start || pages->entries[i].value != use) {
      use = pages->entries[i].value;
      ranges->ranges[ranges->count++] = (struct trace_range){.start = start,
                                                             .read = use & 1u << ACCESS_READ,
                                                             .write = use & 1u << ACCESS_WRITE,
                                                             .fetch = use & 1u << ACCESS_FETCH};
    }
    ranges->ranges[ranges->count - 1].end = start + (UINT64_C(1) << PAGE_SHIFT);
  }
  ranges->pages = pages->count;
  return true;
}

bool trace_ranges(const struct trace* trace, struct trace_ranges* ranges, struct error* err) {
  struct pageset pages = {0};
  *ranges = (struct trace_ranges){0};
  bool ok = collect(trace, &pages);
  if (ok && pages.count > 0) sort(&pages);
  if (ok) ok = merge(&pages, ranges);
  pageset_free(&pages);
  return ok || error_set(err, "not enough memory to list the pages of the trace");
}

void trace_ranges_free(struct trace_ranges* ranges) {
  free(ranges->ranges);
  *ranges = (struct trace_ranges){0};
}
