// SPDX-License-Identifier: MIT
#include "script/explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct explain_level levels_32bit[] = {{"PTE", 12, 10, 4}, {"PDE", 22, 10, 4}};
static const struct explain_level levels_pae[] = {{"PTE", 12, 9, 8}, {"PDE", 21, 9, 8}, {"PDPTE", 30, 2, 8}};
static const struct explain_level levels_long[] = {
    {"PTE", 12, 9, 8}, {"PDE", 21, 9, 8}, {"PDPTE", 30, 9, 8}, {"PML4E", 39, 9, 8}, {"PML5E", 48, 9, 8}};

// How a mode is explained; by enum paging_mode.
static const struct {
  const char* words;
  unsigned levels;
  const struct explain_level* level;
} modes[MODE_COUNT] = {{"paging off", 0, levels_32bit},
                       {"32-bit paging", 2, levels_32bit},
                       {"PAE paging", 3, levels_pae},
                       {"4-level paging", 4, levels_long},
                       {"5-level paging", 5, levels_long}};

// Where an entry points, while it points to a table.
#define ADDRESS_BITS UINT64_C(0x000ffffffffff000)

enum { CR0_PG = 31, CR4_PSE = 4, CR4_PAE = 5, CR4_LA57 = 12, CR4_PKE = 22, EFER_LME = 8 };

static bool bit(uint64_t value, unsigned n) { return value >> n & 1; }

static enum paging_mode mode_of(const uint64_t registers[5]) {
  if (!bit(registers[CONTROL_CR0], CR0_PG)) return MODE_NONE;
  if (bit(registers[CONTROL_EFER], EFER_LME)) return bit(registers[CONTROL_CR4], CR4_LA57) ? MODE_5LEVEL : MODE_4LEVEL;
  return bit(registers[CONTROL_CR4], CR4_PAE) ? MODE_PAE : MODE_32BIT;
}

static bool long_mode(const struct explanation* e) { return e->mode == MODE_4LEVEL || e->mode == MODE_5LEVEL; }

static void record(void* ctx, const struct event* event) {
  struct explanation* e = ctx;
  if (e->event_count < EXPLAIN_EVENTS) e->events[e->event_count++] = *event;
}

#define TLB_ARRAYS (ARRAY_STLB_LARGE + 1)

// All TLB entries at one moment.
struct snapshot {
  struct tlb_entry* entries[TLB_ARRAYS];
  size_t count[TLB_ARRAYS];
};

static void take_snapshot(struct engine* engine, struct snapshot* snapshot) {
  for (enum tlb_array array = 0; array < TLB_ARRAYS; array++) {
    size_t count = engine_dump(engine, array, NULL, 0);
    snapshot->entries[array] = calloc(count + 1, sizeof(struct tlb_entry));
    snapshot->count[array] = snapshot->entries[array] ? count : 0;
    engine_dump(engine, array, snapshot->entries[array], snapshot->count[array]);
  }
}

static void free_snapshot(struct snapshot* snapshot) {
  for (int array = 0; array < TLB_ARRAYS; array++) free(snapshot->entries[array]);
}

// The size of the page whose entry this lookup hit, as a shift; 0 if it is not in the snapshot.
static unsigned shift_in(const struct snapshot* snapshot, const struct event* lookup) {
  for (size_t i = 0; i < snapshot->count[lookup->array]; i++) {
    const struct tlb_entry* entry = &snapshot->entries[lookup->array][i];
    bool there = entry->set == lookup->set && entry->way == lookup->way;
    if (there && (entry->va ^ lookup->va) >> entry->shift == 0) return entry->shift;
  }
  return 0;
}

// The size of the page that the access hit in a TLB, as a shift. A fault drops the entry: `before` has it; a second
// part may hit what the first has brought: `after` has it.
static unsigned shift_of_hit(const struct explanation* e, const struct snapshot* before, const struct snapshot* after) {
  unsigned shift = 0;
  for (size_t i = 0; i < e->event_count; i++) {
    const struct event* event = &e->events[i];
    if (event->type != EVENT_LOOKUP || !event->hit) continue;
    unsigned old = shift_in(before, event);
    shift = old ? old : shift_in(after, event);
  }
  return shift;
}

bool explain_access(struct bench* bench, const struct ref* ref, struct explanation* e, struct error* err) {
  *e = (struct explanation){.ref = *ref};
  engine_registers(bench->engine, e->registers, e->pdptes);
  e->mode = mode_of(e->registers);
  e->levels = modes[e->mode].levels;
  e->level = modes[e->mode].level;
  uint64_t mask = bench_va_mask(bench);
  if (ref->va & ~mask)
    return error_set(err, "the address %" PRIx64 " is wider than the mode's 32 bits: give one below 100000000",
                     ref->va);
  e->va = (ref->va + bench->segments[ref->segment].base) & mask;

  struct bench_access access = {.ref = *ref};
  struct snapshot before, after;
  take_snapshot(bench->engine, &before);
  engine_on_event(bench->engine, record, e);
  bool ok = bench_window(bench, &access, 1, NULL, 0, err);
  engine_on_event(bench->engine, NULL, NULL);
  take_snapshot(bench->engine, &after);
  e->answer = access.answer;
  e->hit_shift = shift_of_hit(e, &before, &after);
  free_snapshot(&before);
  free_snapshot(&after);
  return ok;
}

// Is what was read a leaf?
static bool is_leaf(const struct explanation* e, const struct event* read) {
  bool large = read->level == 2 || (read->level == 3 && long_mode(e));
  bool enabled = e->mode != MODE_32BIT || bit(e->registers[CONTROL_CR4], CR4_PSE);
  return read->level == 1 || (large && bit(read->value, 0) && bit(read->value, 7) && enabled);
}

unsigned explain_offset_bits(const struct explanation* e) {
  unsigned bits = e->hit_shift ? e->hit_shift : 12;
  for (size_t i = 0; i < e->event_count; i++) {
    const struct event* event = &e->events[i];
    if (event->type == EVENT_READ) bits = is_leaf(e, event) ? e->level[event->level - 1].low : 12;
  }
  return bits;
}

uint64_t explain_index(const struct explanation* e, unsigned level) {
  const struct explain_level* l = &e->level[level - 1];
  return e->va >> l->low & ((1u << l->bits) - 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// The address, cut into fields

struct field {
  char name[32];
  unsigned high, low;
};

static size_t fields_of(const struct explanation* e, struct field fields[EXPLAIN_LEVELS + 2]) {
  size_t n = 0;
  // In long mode the bits above the top index repeat its highest one.
  if (long_mode(e)) fields[n++] = (struct field){"sign", 63, e->level[e->levels - 1].low + 9};
  unsigned offset_bits = e->levels ? explain_offset_bits(e) : 32;
  for (unsigned level = e->levels; level >= 1; level--) {
    const struct explain_level* l = &e->level[level - 1];
    if (l->low < offset_bits) break;
    fields[n].high = l->low + l->bits - 1;
    fields[n].low = l->low;
    snprintf(fields[n++].name, sizeof fields[0].name, "%s %" PRIx64, l->name, explain_index(e, level));
  }
  fields[n].high = offset_bits - 1;
  fields[n].low = 0;
  uint64_t offset = e->va & ((UINT64_C(1) << offset_bits) - 1);
  snprintf(fields[n++].name, sizeof fields[0].name, "offset %" PRIx64, offset);
  return n;
}

static int width_of(const struct field* field) {
  int bits = (int)(field->high - field->low + 1), name = (int)strlen(field->name);
  return (bits > name ? bits : name) + 2;
}

static void print_rule(const struct field* fields, size_t n, FILE* out) {
  fputs("   +", out);
  for (size_t i = 0; i < n; i++) {
    for (int k = 0; k < width_of(&fields[i]); k++) fputc('-', out);
    fputc('+', out);
  }
  fputc('\n', out);
}

static void print_centred(const char* text, int width, FILE* out) {
  int left = (width - (int)strlen(text)) / 2;
  fprintf(out, "%*s%s%*s", left, "", text, width - left - (int)strlen(text), "");
}

static void print_split(const struct explanation* e, const struct colours* colours, FILE* out) {
  struct field fields[EXPLAIN_LEVELS + 2];
  size_t n = fields_of(e, fields);
  fputs("    ", out);
  for (size_t i = 0; i < n; i++) {
    int width = width_of(&fields[i]), left = fprintf(out, "%u", fields[i].high);
    fprintf(out, "%*u ", width - left, fields[i].low);
  }
  fputc('\n', out);
  print_rule(fields, n, out);
  fputs("   |", out);
  for (size_t i = 0; i < n; i++) {
    char bits[33] = "";
    for (unsigned b = fields[i].high + 1, k = 0; b-- > fields[i].low; k++) bits[k] = bit(e->va, b) ? '1' : '0';
    fputs(colours->bold, out);
    print_centred(bits, width_of(&fields[i]), out);
    fprintf(out, "%s|", colours->off);
  }
  fputc('\n', out);
  print_rule(fields, n, out);
  fputs("    ", out);
  for (size_t i = 0; i < n; i++) {
    print_centred(fields[i].name, width_of(&fields[i]), out);
    fputc(' ', out);
  }
  fputs("\n\n", out);
}

// ---------------------------------------------------------------------------------------------------------------------
// The steps

struct teller {
  const struct explanation* e;
  const struct colours* colours;
  FILE* out;
};

static void at_cycle(const struct teller* t, const struct event* event) {
  fprintf(t->out, "  %s%5" PRIu64 "%s  ", t->colours->cyan, event->cycle - t->e->answer.accept, t->colours->off);
}

static const char* const kind_words[] = {"read", "write", "fetch"};
static const char* const array_words[ARRAY_COUNT] = {"ITLB",
                                                     "ITLB (large pages)",
                                                     "DTLB",
                                                     "DTLB (large pages)",
                                                     "second-level TLB",
                                                     "second-level TLB (large pages)",
                                                     "PDE cache",
                                                     "PDPTE cache",
                                                     "PML4E cache",
                                                     "PML5E cache"};
static const char* const served_words[SERVED_COUNT] = {"L1D", "L2", "L3", "memory"};

// Bits of an entry that matter where it stands, in words.
static void tell_entry_bits(const struct teller* t, unsigned level, uint64_t value, bool leaf) {
  FILE* out = t->out;
  fprintf(out, "         %s", t->colours->dim);
  if (!bit(value, 0)) {
    fprintf(out, "P=0: not present, the other bits mean nothing to the hardware%s\n", t->colours->off);
    return;
  }
  fprintf(out, "P=1");
  if (level < 3 || long_mode(t->e)) {  // a PDPTE register has no rights and no A bit
    fprintf(out, "  R/W=%d %s  U/S=%d %s  A=%d", bit(value, 1), bit(value, 1) ? "writable" : "read-only", bit(value, 2),
            bit(value, 2) ? "user" : "supervisor", bit(value, 5));
    if (leaf) fprintf(out, "  D=%d  G=%d", bit(value, 6), bit(value, 8));
    if (level > 1) fprintf(out, "  PS=%d", bit(value, 7));
    if (t->e->mode != MODE_32BIT) fprintf(out, "  NX=%d", bit(value, 63));
    if (leaf && long_mode(t->e) && bit(t->e->registers[CONTROL_CR4], CR4_PKE))
      fprintf(out, "  key=%u", (unsigned)(value >> 59 & 15));
  }
  if (!leaf) fprintf(out, "  -> table at %" PRIx64, value & ADDRESS_BITS);
  fprintf(out, "%s\n", t->colours->off);
}

static void tell_entry(const struct teller* t, unsigned level, uint64_t pa, uint64_t value) {
  const struct explain_level* l = &t->e->level[level - 1];
  uint64_t index = explain_index(t->e, level);
  fprintf(t->out, "%s%-5s%s at %" PRIx64 " + %" PRIx64 " x %u = %s%" PRIx64 "%s: %s%0*" PRIx64 "%s\n", t->colours->bold,
          l->name, t->colours->off, pa - index * l->entry_bytes, index, l->entry_bytes, t->colours->yellow, pa,
          t->colours->off, t->colours->bold, (int)l->entry_bytes * 2, value, t->colours->off);
}

// In PAE paging the top entry was loaded into a register long before; the walk begins below it.
static void tell_pdpte_register(const struct teller* t) {
  uint64_t index = explain_index(t->e, 3), value = t->e->pdptes[index];
  fprintf(t->out, "         %sPDPTE%s register %" PRIx64 ": %s%016" PRIx64 "%s, loaded when CR3 was, so not read now\n",
          t->colours->bold, t->colours->off, index, t->colours->bold, value, t->colours->off);
  tell_entry_bits(t, 3, value, false);
}

static void tell_walk_begin(const struct teller* t, const struct event* event) {
  at_cycle(t, event);
  fprintf(t->out, "the walk begins: CR3 = %" PRIx64 "\n", t->e->registers[CONTROL_CR3]);
  if (t->e->mode == MODE_PAE) tell_pdpte_register(t);
}

static void tell_read(const struct teller* t, const struct event* event) {
  at_cycle(t, event);
  tell_entry(t, event->level, event->pa, event->value);
  if (event->served != SERVED_DRAM) fprintf(t->out, "         from %s\n", served_words[event->served]);
  tell_entry_bits(t, event->level, event->value, is_leaf(t->e, event));
}

// What the walker had read there before.
static uint64_t value_before(const struct explanation* e, const struct event* cas) {
  uint64_t value = 0;
  for (const struct event* event = e->events; event < cas; event++)
    if (event->type == EVENT_READ && event->pa == cas->pa) value = event->value;
  return value;
}

static void tell_cas(const struct teller* t, const struct event* event) {
  uint64_t before = value_before(t->e, event), set = event->value & ~before;
  at_cycle(t, event);
  fprintf(t->out, "%s%-5s%s at %" PRIx64 ": compare-and-swap sets %s%s%s: %s%0*" PRIx64 "%s -> %s%0*" PRIx64 "%s%s\n",
          t->colours->bold, t->e->level[event->level - 1].name, t->colours->off, event->pa, bit(set, 5) ? "A" : "",
          bit(set, 5) && bit(set, 6) ? " and " : "", bit(set, 6) ? "D" : "", t->colours->bold,
          (int)t->e->level[0].entry_bytes * 2, before, t->colours->off, t->colours->bold,
          (int)t->e->level[0].entry_bytes * 2, event->value, t->colours->off,
          event->hit ? "" : ", but the entry has changed meanwhile: the walk starts over");
}

// Deepest first; a hit is where the walk goes on.
static void tell_walk_cache(const struct teller* t, const struct event* event) {
  at_cycle(t, event);
  if (event->hit)
    fprintf(t->out, "%s: %shit%s in way %u: the entries down to this one need not be read\n", array_words[event->array],
            t->colours->green, t->colours->off, event->way);
  else
    fprintf(t->out, "%s: %smiss%s\n", array_words[event->array], t->colours->red, t->colours->off);
}

static void tell_fill(const struct teller* t, const struct event* event) {
  at_cycle(t, event);
  bool upper = event->array >= ARRAY_PSC_PDE;
  fprintf(t->out, "into the %s, set %u, way %u: %s %" PRIx64 " -> %s %" PRIx64 "%s\n", array_words[event->array],
          event->set, event->way, upper ? "what begins at" : "page", event->va, upper ? "table" : "frame", event->pa,
          event->hit ? " (another had to go)" : "");
}

static void tell_event(const struct teller* t, const struct event* event) {
  switch (event->type) {
    case EVENT_ACCEPT:
      at_cycle(t, event);
      fprintf(t->out, "the %s port takes the %s of %" PRIx64 "\n", event->port == PORT_FETCH ? "fetch" : "data",
              kind_words[event->kind], event->va);
      return;
    case EVENT_LOOKUP:
      at_cycle(t, event);
      if (event->hit)
        fprintf(t->out, "%s: %shit%s in set %u, way %u\n", array_words[event->array], t->colours->green,
                t->colours->off, event->set, event->way);
      else
        fprintf(t->out, "%s: %smiss%s\n", array_words[event->array], t->colours->red, t->colours->off);
      return;
    case EVENT_WALK_BEGIN:
      tell_walk_begin(t, event);
      return;
    case EVENT_PSC:
      tell_walk_cache(t, event);
      return;
    case EVENT_READ:
      tell_read(t, event);
      return;
    case EVENT_CAS:
      tell_cas(t, event);
      return;
    case EVENT_FILL:
      tell_fill(t, event);
      return;
    case EVENT_DROP:
      at_cycle(t, event);
      fprintf(t->out, "the fault drops what the %s held in set %u, way %u\n", array_words[event->array], event->set,
              event->way);
      return;
    case EVENT_DATA:
      at_cycle(t, event);
      fprintf(t->out, "the data come from %s\n", served_words[event->served]);
      return;
    default:
      return;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The result

static void tell_error_code(const struct teller* t, unsigned code) {
  static const struct {
    unsigned mask;
    const char *name, *set, *clear;
  } bits[] = {{PFEC_P, "P", "a protection violation", "an entry was not present"},
              {PFEC_W, "W/R", "a write", "not a write"},
              {PFEC_U, "U/S", "a user access", "a supervisor access"},
              {PFEC_RSVD, "RSVD", "a reserved bit was set", "no reserved bit"},
              {PFEC_ID, "I/D", "an instruction fetch", "not marked as a fetch (that takes NX or SMEP)"},
              {PFEC_PK, "PK", "the protection key denies it", "not a protection key"}};
  for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
    fprintf(t->out, "         bit %zu %-4s = %d  %s\n", i, bits[i].name, (code & bits[i].mask) != 0,
            code & bits[i].mask ? bits[i].set : bits[i].clear);
}

static bool is_canonical(const struct explanation* e) {
  if (!long_mode(e)) return true;
  uint64_t above = ~UINT64_C(0) << (e->level[e->levels - 1].low + 8);
  return (e->va & above) == 0 || (e->va & above) == above;
}

static void tell_result(const struct teller* t) {
  const struct answer* a = &t->e->answer;
  unsigned offset_bits = t->e->levels ? explain_offset_bits(t->e) : 0;
  uint64_t offset = a->pa & ((UINT64_C(1) << offset_bits) - 1);
  fputc('\n', t->out);
  switch (a->fault) {
    case FAULT_NONE:
      if (t->e->mode == MODE_NONE)
        fprintf(t->out, "  Paging is off: the physical address is the linear one, %s%" PRIx64 "%s\n", t->colours->green,
                a->pa, t->colours->off);
      else
        fprintf(t->out, "  frame %" PRIx64 " + offset %" PRIx64 " = physical address %s%" PRIx64 "%s\n", a->pa - offset,
                offset, t->colours->green, a->pa, t->colours->off);
      break;
    case FAULT_PF:
      fprintf(t->out, "  %spage fault%s: CR2 = %" PRIx64 ", error code %x\n", t->colours->red, t->colours->off, a->cr2,
              a->error);
      tell_error_code(t, a->error);
      break;
    case FAULT_GP:
      fprintf(t->out, "  %sgeneral protection fault%s: %s\n", t->colours->red, t->colours->off,
              is_canonical(t->e) ? "the segment does not allow it" : "the address is not canonical");
      break;
    default:
      fprintf(t->out, "  %sbus error%s: there is no memory where the tables point\n", t->colours->red, t->colours->off);
  }
  uint64_t cycles = a->cycle - a->accept + 1;
  fprintf(t->out, "  %" PRIu64 " cycle%s, %u entr%s read\n", cycles, cycles == 1 ? "" : "s", a->reads,
          a->reads == 1 ? "y" : "ies");
}

static void print_title(const struct explanation* e, const struct colours* colours, FILE* out) {
  fprintf(out, "\n  %s%s of %08" PRIx64 "%s, %s mode, %s\n\n", colours->bold, kind_words[e->ref.kind], e->va,
          colours->off, e->ref.flags & REF_USER ? "user" : "supervisor", modes[e->mode].words);
}

void explain_print(const struct explanation* e, const struct colours* colours, FILE* out) {
  struct teller teller = {e, colours, out};
  print_title(e, colours, out);
  print_split(e, colours, out);
  fprintf(out, "  %scycle%s\n", colours->dim, colours->off);
  for (size_t i = 0; i < e->event_count; i++) tell_event(&teller, &e->events[i]);
  tell_result(&teller);
}

// ---------------------------------------------------------------------------------------------------------------------
// The quiz

struct quiz {
  FILE *in, *out;
  unsigned *right, *asked;
  struct error* err;
};

// One question with a hexadecimal answer.
static bool ask(struct quiz* quiz, const char* question, uint64_t answer) {
  char line[128], extra;
  uint64_t given;
  ++*quiz->asked;
  fprintf(quiz->out, "  %2u. %s ", *quiz->asked, question);
  fflush(quiz->out);
  if (!fgets(line, sizeof line, quiz->in))
    return error_set(quiz->err, "the answers ended at question %u: answer each on a line of its own", *quiz->asked);
  if (sscanf(line, "%" SCNx64 " %c", &given, &extra) == 1 && given == answer) {
    ++*quiz->right;
    fputs("right\n", quiz->out);
  } else {
    fprintf(quiz->out, "no: %" PRIx64 "\n", answer);
  }
  return true;
}

static bool ask_entry(struct quiz* quiz, const struct explanation* e, const struct event* read) {
  const struct explain_level* l = &e->level[read->level - 1];
  char question[128];
  snprintf(question, sizeof question, "Which index has the %s (bits %u:%u of the address)?", l->name,
           l->low + l->bits - 1, l->low);
  if (!ask(quiz, question, explain_index(e, read->level))) return false;
  snprintf(question, sizeof question, "At which physical address is that %s?", l->name);
  if (!ask(quiz, question, read->pa)) return false;
  fprintf(quiz->out, "      It holds %0*" PRIx64 ".\n", (int)l->entry_bytes * 2, read->value);
  return true;
}

bool explain_quiz(const struct explanation* e, FILE* in, FILE* out, unsigned* right, unsigned* asked,
                  struct error* err) {
  static const struct colours plain = {"", "", "", "", "", "", "", ""};
  struct quiz quiz = {in, out, right, asked, err};
  *right = *asked = 0;
  print_title(e, &plain, out);
  fprintf(out, "  CR3 = %" PRIx64 ". Answer in hexadecimal.\n", e->registers[CONTROL_CR3]);
  if (e->mode == MODE_PAE) {
    if (!ask(&quiz, "Which PDPTE register (bits 31:30)?", explain_index(e, 3))) return false;
    fprintf(out, "      It holds %016" PRIx64 ".\n", e->pdptes[explain_index(e, 3)]);
  }
  for (size_t i = 0; i < e->event_count; i++)
    if (e->events[i].type == EVENT_READ && !ask_entry(&quiz, e, &e->events[i])) return false;
  if (!ask(&quiz, "How many entries were read?", e->answer.reads)) return false;
  if (!ask(&quiz, "Does it fault? 0: no, 1: yes", e->answer.fault != FAULT_NONE)) return false;
  if (e->answer.fault == FAULT_NONE) return ask(&quiz, "The physical address?", e->answer.pa);
  return e->answer.fault != FAULT_PF ||
         (ask(&quiz, "The error code?", e->answer.error) && ask(&quiz, "What is in CR2?", e->answer.cr2));
}
