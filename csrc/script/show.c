// SPDX-License-Identifier: MIT
#include "script/show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "script/names.h"

// "4 KiB", "1 GiB", "256 TiB": 1 << shift bytes.
static const char* size_text(unsigned shift, char text[24]) {
  static const char* const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"};
  snprintf(text, 24, "%u %s", 1u << shift % 10, units[shift / 10 % 6]);
  return text;
}

static void show_entry(const struct tlb_entry* entry, bool leaf, FILE* out) {
  char size[24], text[80] = "";
  if (leaf) snprintf(text, sizeof text, " %s%s", entry->dirty ? "dirty" : "clean", entry->global ? " global" : "");
  if (entry->key) snprintf(text + strlen(text), sizeof text - strlen(text), " key %u", entry->key);
  if (entry->pcid) snprintf(text + strlen(text), sizeof text - strlen(text), " pcid %x", entry->pcid);
  fprintf(out, "           set %3u way %2u  %16" PRIx64 " -> %-13" PRIx64 " %-7s  %-10s %s%s%s\n", entry->set,
          entry->way, entry->va, entry->pa, size_text(entry->shift, size), entry->user ? "user" : "supervisor",
          entry->writable ? "rw" : "r", entry->no_execute ? "" : "x", text);
}

static void show_array(struct engine* engine, enum tlb_array array, const char* title, bool leaf, FILE* out) {
  size_t count = engine_dump(engine, array, NULL, 0);
  struct tlb_entry* entries = calloc(count ? count : 1, sizeof *entries);
  fprintf(out, "         %s: %zu valid\n", title, count);
  if (entries) count = engine_dump(engine, array, entries, count);
  for (size_t i = 0; entries && i < count; i++) show_entry(&entries[i], leaf, out);
  free(entries);
}

// Whether two counters stand on one line: names with the same first word, or without a dot.
static bool same_group(const char* a, const char* b) {
  size_t length = strcspn(a, ".");
  bool dotted = a[length] == '.';
  return dotted ? strncmp(a, b, length + 1) == 0 : !strchr(b, '.');
}

// The counters that have counted anything, a group of them a line, or more if it is long.
static void show_counters(const struct engine* engine, FILE* out) {
  enum { MARGIN = 9, WIDTH = 118 };
  struct counters counters;
  engine_counters(engine, &counters);
  const uint64_t* value = (const uint64_t*)&counters;
  const char* last = NULL;
  int column = 0;
  for (int i = 0; counter_names[i]; i++) {
    char text[80];
    if (!value[i]) continue;
    int length = snprintf(text, sizeof text, " %s=%" PRIu64, counter_names[i], value[i]);
    bool fits = last && same_group(last, counter_names[i]) && column + length <= WIDTH;
    if (!fits) column = fprintf(out, "%s%*s", last ? "\n" : "", MARGIN - 1, "") - (last ? 1 : 0);
    column += fprintf(out, "%s", text);
    last = counter_names[i];
  }
  fputs(last ? "\n" : "         none has counted anything\n", out);
}

static void show_arrays(struct engine* engine, enum tlb_array first, enum tlb_array last, FILE* out) {
  static const char* const titles[ARRAY_COUNT] = {
      "itlb, main array",  "itlb, large pages", "dtlb, main array", "dtlb, large pages", "stlb, main array",
      "stlb, large pages", "psc, PDEs",         "psc, PDPTEs",      "psc, PML4Es",       "psc, PML5Es"};
  for (enum tlb_array array = first; array <= last; array++)
    show_array(engine, array, titles[array], array < ARRAY_PSC_PDE, out);
}

void show_state(struct engine* engine, enum script_show what, FILE* out) {
  switch (what) {
    case SHOW_DTLB:
      show_arrays(engine, ARRAY_DTLB, ARRAY_DTLB_LARGE, out);
      return;
    case SHOW_ITLB:
      show_arrays(engine, ARRAY_ITLB, ARRAY_ITLB_LARGE, out);
      return;
    case SHOW_STLB:
      show_arrays(engine, ARRAY_STLB, ARRAY_STLB_LARGE, out);
      return;
    case SHOW_PSC:
      show_arrays(engine, ARRAY_PSC_PDE, ARRAY_PSC_PML5E, out);
      return;
    case SHOW_COUNTERS:
      show_counters(engine, out);
      return;
  }
}
