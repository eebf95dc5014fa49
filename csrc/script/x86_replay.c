// SPDX-License-Identifier: MIT
#include "script/x86_replay.h"

#include <inttypes.h>
#include <stdio.h>

static bool control(struct bench* bench, enum control_op op, uint64_t value) {
  struct control control = {.op = (uint8_t)op, .value = value};
  return engine_control(bench->engine, &control);
}

// ---------------------------------------------------------------------------------------------------------------------
// Memory

static bool page_is_used(const struct x86_case* c, uint64_t page) {
  for (unsigned i = 0; i < c->entries; i++)
    if (c->entry[i].pa >> 12 == page >> 12) return true;
  for (unsigned i = 0; i < c->aux; i++)
    if (c->aux_entry[i].pa >> 12 == page >> 12) return true;
  return false;
}

static void write_entries(const struct x86_case* c, struct bench* bench, bool zero) {
  unsigned size = x86_case_entry_size(c);
  for (unsigned i = 0; i < c->entries; i++)
    ram_write_word(bench->ram, c->entry[i].pa, size, zero ? 0 : c->entry[i].before);
  for (unsigned i = 0; i < c->aux; i++)
    ram_write_word(bench->ram, c->aux_entry[i].pa, size, zero ? 0 : c->aux_entry[i].before);
}

static bool check_entries(const struct x86_case* c, const struct ram* ram, struct error* mismatch) {
  unsigned size = x86_case_entry_size(c);
  for (unsigned i = 0; i < c->entries; i++) {
    uint64_t got = ram_read_word(ram, c->entry[i].pa, size);
    bool optional = c->a_optional >> i & 1;
    if (got == c->entry[i].after || (optional && got == c->entry[i].before)) continue;
    return error_set(mismatch, "pte%u at %" PRIx64 ": expected %" PRIx64 "%s, got %" PRIx64, i, c->entry[i].pa,
                     c->entry[i].after, optional ? " (or as before)" : "", got);
  }
  for (unsigned i = 0; i < c->aux; i++) {
    uint64_t got = ram_read_word(ram, c->aux_entry[i].pa, size);
    if (got != c->aux_entry[i].after)
      return error_set(mismatch, "aux%u at %" PRIx64 ": expected %" PRIx64 ", got %" PRIx64, i, c->aux_entry[i].pa,
                       c->aux_entry[i].after, got);
  }
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Registers

// Paging off first: that empties every TLB, and lets everything else be changed. CR3 points at a zeroed page until the
// entries are written.
static bool prepare(const struct x86_case* c, struct bench* bench, struct error* mismatch) {
  uint64_t zeroed = 0;
  while (page_is_used(c, zeroed)) zeroed += 4096;
  const struct {
    const char* name;
    enum control_op op;
    uint64_t value;
  } writes[] = {{"cr0 (paging off)", CONTROL_CR0, 0x11}, {"efer", CONTROL_EFER, c->efer}, {"cr4", CONTROL_CR4, c->cr4},
                {"pkru", CONTROL_PKRU, c->pkru},         {"cr3", CONTROL_CR3, zeroed},    {"cr0", CONTROL_CR0, c->cr0}};
  for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
    if (!control(bench, writes[i].op, writes[i].value))
      return error_set(mismatch, "setting up: the write of %" PRIx64 " to %s was refused (#GP)", writes[i].value,
                       writes[i].name);
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Results

static const char* answer_text(const struct answer* answer, char* text, size_t size) {
  switch (answer->fault) {
    case FAULT_NONE:
      snprintf(text, size, "ok pa=%" PRIx64, answer->pa);
      break;
    case FAULT_PF:
      snprintf(text, size, "pf err=%x cr2=%" PRIx64, answer->error, answer->cr2);
      break;
    case FAULT_GP:
      snprintf(text, size, "gp");
      break;
    default:
      snprintf(text, size, "bus error");
  }
  return text;
}

// The entry that the access left in a TLB tells the page's size.
static bool check_page_size(const struct x86_case* c, struct bench* bench, struct error* mismatch) {
  bool fetch = c->ref.kind == ACCESS_FETCH;
  struct tlb_entry entry;
  if (engine_dump(bench->engine, fetch ? ARRAY_ITLB : ARRAY_DTLB, &entry, 1) +
          engine_dump(bench->engine, fetch ? ARRAY_ITLB_LARGE : ARRAY_DTLB_LARGE, &entry, 1) !=
      1)
    return error_set(mismatch, "the TLB does not hold exactly the one translation that was made");
  if (entry.shift == c->page_shift) return true;
  return error_set(mismatch, "expected a page of 2^%u bytes, got 2^%u", (unsigned)c->page_shift, entry.shift);
}

static bool check_answer(const struct x86_case* c, struct bench* bench, const struct answer* got,
                         struct error* mismatch) {
  char expected_text[80], got_text[80];
  struct answer expected = {.fault = c->result == X86_OK   ? FAULT_NONE
                                     : c->result == X86_PF ? FAULT_PF
                                                           : FAULT_GP,
                            .pa = c->pa,
                            .error = (uint8_t)c->error,
                            .cr2 = c->cr2};
  if (got->fault == expected.fault && got->pa == expected.pa && got->error == expected.error &&
      got->cr2 == expected.cr2)
    return c->result != X86_OK || check_page_size(c, bench, mismatch);
  return error_set(mismatch, "expected %s, got %s", answer_text(&expected, expected_text, sizeof expected_text),
                   answer_text(got, got_text, sizeof got_text));
}

static bool replay(const struct x86_case* c, struct bench* bench, struct error* mismatch) {
  if (!prepare(c, bench, mismatch)) return false;
  write_entries(c, bench, false);
  bool loaded = control(bench, CONTROL_CR3, c->cr3);
  if (loaded == (c->result == X86_GPCR3))
    return error_set(mismatch, "the write to cr3 was %s", loaded ? "accepted, expected #GP" : "refused (#GP)");
  if (loaded) {
    struct answer answer;
    struct play play = {.until = UINT64_MAX, .answers = &answer};
    engine_play(bench->engine, &c->ref, 1, &play);
    if (play.stop == PLAY_FAULT) answer = play.fault;
    if (engine_agrees(bench->engine, NULL) && !check_answer(c, bench, &answer, mismatch)) return false;
  }
  if (!engine_agrees(bench->engine, NULL)) return error_set(mismatch, "the engines differ");
  return check_entries(c, bench->ram, mismatch) && (!bench->mirror || check_entries(c, bench->mirror, mismatch));
}

bool x86_case_replay(const struct x86_case* c, struct bench* bench, struct error* mismatch) {
  bool ok = replay(c, bench, mismatch);
  write_entries(c, bench, true);
  return ok;
}
