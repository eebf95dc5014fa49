// SPDX-License-Identifier: MIT
#include "script/show.h"

#include <inttypes.h>
#include <stdlib.h>

static const char* page_size(unsigned shift) {
  switch (shift) {
    case 12:
      return "4 KiB";
    case 21:
      return "2 MiB";
    case 22:
      return "4 MiB";
    default:
      return "1 GiB";
  }
}

static void show_entry(const struct tlb_entry* entry, FILE* out) {
  fprintf(out, "           set %3u way %2u  %9" PRIx64 " -> %-11" PRIx64 " %s  %s %s%s%s%s\n", entry->set, entry->way,
          entry->va, entry->pa, page_size(entry->shift), entry->user ? "user" : "supervisor",
          entry->writable ? "rw" : "r", entry->no_execute ? "" : "x", entry->dirty ? " dirty" : " clean",
          entry->global ? " global" : "");
}

static void show_array(struct engine* engine, enum tlb_array array, const char* title, FILE* out) {
  size_t count = engine_dump(engine, array, NULL, 0);
  struct tlb_entry* entries = calloc(count ? count : 1, sizeof *entries);
  fprintf(out, "         %s: %zu valid\n", title, count);
  if (entries) count = engine_dump(engine, array, entries, count);
  for (size_t i = 0; entries && i < count; i++) show_entry(&entries[i], out);
  free(entries);
}

static void show_tlb_counters(const char* name, const struct tlb_counters* tlb, FILE* out) {
  fprintf(out,
          "         %s.hits=%" PRIu64 " %s.misses=%" PRIu64 " %s.fills=%" PRIu64 " %s.evictions=%" PRIu64
          " %s.drops=%" PRIu64 "\n",
          name, tlb->hits, name, tlb->misses, name, tlb->fills, name, tlb->evictions, name, tlb->drops);
}

static void show_counters(const struct engine* engine, FILE* out) {
  struct counters c;
  engine_counters(engine, &c);
  fprintf(out, "         reads=%" PRIu64 " writes=%" PRIu64 " fetches=%" PRIu64 "\n", c.parts[ACCESS_READ],
          c.parts[ACCESS_WRITE], c.parts[ACCESS_FETCH]);
  show_tlb_counters("itlb", &c.itlb, out);
  show_tlb_counters("dtlb", &c.dtlb, out);
  fprintf(out,
          "         walks=%" PRIu64 " walk_refs=%" PRIu64 " walk_cycles=%" PRIu64 " ad_updates=%" PRIu64
          " cas_failures=%" PRIu64 "\n",
          c.walks, c.walk_refs, c.walk_cycles, c.ad_updates, c.cas_failures);
  fprintf(out, "         faults_pf=%" PRIu64 " faults_gp=%" PRIu64 " controls=%" PRIu64 " control_gps=%" PRIu64 "\n",
          c.faults_pf, c.faults_gp, c.controls, c.control_gps);
  fprintf(out,
          "         cycles: base=%" PRIu64 " stlb=%" PRIu64 " walk=%" PRIu64 " ad_update=%" PRIu64 " flush=%" PRIu64
          "\n",
          c.cycles_base, c.cycles_stlb, c.cycles_walk, c.cycles_ad_update, c.cycles_flush);
}

void show_state(struct engine* engine, enum script_show what, FILE* out) {
  switch (what) {
    case SHOW_DTLB:
      show_array(engine, ARRAY_DTLB, "dtlb, main array", out);
      show_array(engine, ARRAY_DTLB_LARGE, "dtlb, large pages", out);
      return;
    case SHOW_ITLB:
      show_array(engine, ARRAY_ITLB, "itlb, main array", out);
      show_array(engine, ARRAY_ITLB_LARGE, "itlb, large pages", out);
      return;
    case SHOW_STLB:
      fputs("         stlb: this machine has no second level\n", out);
      return;
    case SHOW_PSC:
      fputs("         psc: this machine has no paging-structure caches\n", out);
      return;
    case SHOW_COUNTERS:
      show_counters(engine, out);
      return;
  }
}
