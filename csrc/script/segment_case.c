// SPDX-License-Identifier: MIT
#include "script/segment_case.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// The machine's segment 0 stays flat.
enum { FIRST_SEGMENT = 1 };
#define LAST_OFFSET UINT64_C(0xffffffff)

// ---------------------------------------------------------------------------------------------------------------------
// Fields: decimal `key=value`, and the word `fault` in place of pa=

struct field {
  const char* key;
  uint64_t* value;
  bool given;
};

static bool take_field(struct field* fields, size_t count, char* word, struct error* err) {
  char* equals = strchr(word, '=');
  if (!equals) return error_set(err, "'%.40s' is not of the form key=value", word);
  *equals = 0;
  for (size_t i = 0; i < count; i++) {
    char* end;
    if (strcmp(fields[i].key, word) != 0) continue;
    if (fields[i].given) return error_set(err, "the field %s= is given twice", word);
    fields[i].given = true;
    errno = 0;
    *fields[i].value = strtoull(equals + 1, &end, 10);
    if (isdigit((unsigned char)equals[1]) && *end == 0 && errno == 0 && *fields[i].value <= LAST_OFFSET) return true;
    return error_set(err, "%s=%.40s: not a decimal number below 2^32", word, equals + 1);
  }
  return error_set(err, "unknown field %.40s=", word);
}

// The last field is pa=, which `fault` replaces.
static bool take_fields(struct segment_case* c, struct field* fields, size_t count, char* line, struct error* err) {
  char* save = NULL;
  struct field* pa = &fields[count - 1];
  for (char* word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
    if (strcmp(word, "fault") == 0)
      c->fault = true;
    else if (!take_field(fields, count, word, err))
      return false;
  }
  for (size_t i = 0; i + 1 < count; i++)
    if (!fields[i].given) return error_set(err, "the field %s= is missing", fields[i].key);
  if (pa->given == c->fault) return error_set(err, "write either pa=N or fault");
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Segments

// Grows up from `base`. One that is empty has no last valid offset: an expand-down one whose limit is the last offset.
static struct segment upward(uint64_t base, uint64_t size) {
  return (struct segment){.base = base,
                          .limit = size ? size - 1 : LAST_OFFSET,
                          .expand_down = size == 0,
                          .present = true,
                          .writable = true,
                          .privilege = 3};
}

// Grows down from `base`, which is one past its highest byte: offset -1 is the byte below.
static struct segment downward(uint64_t base, uint64_t size) {
  return (struct segment){.base = base,
                          .limit = LAST_OFFSET - size,
                          .expand_down = true,
                          .present = true,
                          .writable = true,
                          .privilege = 3};
}

bool segment_case_relocation(struct segment_case* c, char* line, struct error* err) {
  uint64_t base = 0, bound = 0;
  *c = (struct segment_case){0};
  struct field fields[] = {
      {"base", &base, false}, {"bound", &bound, false}, {"va", &c->offset, false}, {"pa", &c->pa, false}};
  if (!take_fields(c, fields, sizeof fields / sizeof *fields, line, err)) return false;
  c->segments = 1;
  c->segment[0] = upward(base, bound);
  return true;
}

bool segment_case_segmentation(struct segment_case* c, char* line, struct error* err) {
  uint64_t space = 0, base[2] = {0}, limit[2] = {0}, va = 0, seg = 0;
  *c = (struct segment_case){0};
  struct field fields[] = {{"space", &space, false},   {"base0", &base[0], false},   {"limit0", &limit[0], false},
                           {"base1", &base[1], false}, {"limit1", &limit[1], false}, {"va", &va, false},
                           {"seg", &seg, false},       {"pa", &c->pa, false}};
  if (!take_fields(c, fields, sizeof fields / sizeof *fields, line, err)) return false;
  if (va >= space) return error_set(err, "va=%" PRIu64 " is outside the address space of %" PRIu64 " bytes", va, space);
  if (seg != (va >= space / 2)) return error_set(err, "seg=%" PRIu64 ", but the top bit of va names the other", seg);
  c->segments = 2;
  c->segment[0] = upward(base[0], limit[0]);
  c->segment[1] = downward(base[1], limit[1]);
  c->used = (unsigned)seg;
  c->offset = seg ? (va - space) & LAST_OFFSET : va;
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Replay

static bool compare(const struct segment_case* c, const struct answer* got, struct error* mismatch) {
  if (got->fault == FAULT_GP) return c->fault || error_set(mismatch, "expected pa=%" PRIu64 ", got a fault", c->pa);
  if (got->fault != FAULT_NONE) return error_set(mismatch, "got a fault that is no #GP");
  if (c->fault) return error_set(mismatch, "expected a fault, got pa=%" PRIu64, got->pa);
  return got->pa == c->pa || error_set(mismatch, "expected pa=%" PRIu64 ", got pa=%" PRIu64, c->pa, got->pa);
}

bool segment_case_replay(const struct segment_case* c, struct bench* bench, struct error* mismatch) {
  for (unsigned i = 0; i < c->segments; i++) {
    struct control load = {.op = CONTROL_SEGMENT, .index = (uint8_t)(FIRST_SEGMENT + i), .segment = c->segment[i]};
    if (!engine_control(bench->engine, &load)) return error_set(mismatch, "loading segment %u was refused (#GP)", i);
  }
  struct ref ref = {.va = c->offset,
                    .size = 1,
                    .kind = ACCESS_READ,
                    .flags = REF_USER,
                    .segment = (uint8_t)(FIRST_SEGMENT + c->used)};
  struct answer answer = {0};
  struct play play = {.until = UINT64_MAX, .answers = &answer};
  engine_play(bench->engine, &ref, 1, &play);
  if (play.stop == PLAY_FAULT) answer = play.fault;
  if (!engine_agrees(bench->engine, NULL)) return error_set(mismatch, "the engines differ");
  return compare(c, &answer, mismatch);
}
