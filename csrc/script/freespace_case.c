// SPDX-License-Identifier: MIT
#include "script/freespace_case.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS = 256, LIST_TEXT_MAX = 32 * HOLES_MAX };
#define LAST_NUMBER UINT64_C(0xffffffff)

// ---------------------------------------------------------------------------------------------------------------------
// Numbers and operations

// The decimal number at **text, which moves behind it.
static bool take_number(const char** text, uint64_t* number) {
  char* end;
  if (!isdigit((unsigned char)**text)) return false;
  errno = 0;
  *number = strtoull(*text, &end, 10);
  *text = end;
  return errno == 0 && *number <= LAST_NUMBER;
}

static bool take_text(const char** text, const char* expected) {
  size_t length = strlen(expected);
  if (strncmp(*text, expected, length) != 0) return false;
  *text += length;
  return true;
}

// a<id>:<size>=<address>/<chunks looked at>, with `fail` for the address; f<id>=0.
struct operation {
  bool frees, fails;
  uint64_t id, size, address, seen;
};

static bool take_allocation(const char** text, struct operation* op) {
  if (!take_text(text, ":") || !take_number(text, &op->size) || !take_text(text, "=")) return false;
  op->fails = take_text(text, "fail");
  return (op->fails || take_number(text, &op->address)) && take_text(text, "/") && take_number(text, &op->seen);
}

static bool take_operation(const char** text, struct operation* op) {
  memset(op, 0, sizeof *op);
  op->frees = **text == 'f';
  if (**text != 'a' && **text != 'f') return false;
  ++*text;
  if (!take_number(text, &op->id) || op->id >= IDS) return false;
  if (op->frees ? !take_text(text, "=0") : !take_allocation(text, op)) return false;
  return **text == 0 || take_text(text, ";");
}

// Each allocation has a number of its own, and only what is allocated is freed, once.
static bool check_operations(const char* text, struct error* err) {
  bool used[IDS] = {false}, live[IDS] = {false};
  while (*text) {
    struct operation op;
    const char* start = text;
    if (!take_operation(&text, &op))
      return error_set(err, "ops=: '%.20s' is neither a<id>:<size>=<address>/<chunks> nor f<id>=0", start);
    if (!op.frees && op.size == 0) return error_set(err, "ops=: a%" PRIu64 " asks for 0 bytes", op.id);
    if (op.frees ? !live[op.id] : used[op.id])
      return error_set(err, "ops=: %c%" PRIu64 " %s", op.frees ? 'f' : 'a', op.id,
                       op.frees ? "frees what is not allocated" : "is allocated twice");
    used[op.id] = true;
    live[op.id] = !op.frees && !op.fails;
  }
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Fields

struct fields {
  const char *fit, *heap, *base, *header, *coalesce, *ops, *freelist;
};

static bool take_field(struct fields* fields, char* word, struct error* err) {
  const struct {
    const char* key;
    const char** value;
  } known[] = {{"fit", &fields->fit},          {"heap", &fields->heap},         {"base", &fields->base},
               {"header", &fields->header},    {"coalesce", &fields->coalesce}, {"ops", &fields->ops},
               {"freelist", &fields->freelist}};
  char* equals = strchr(word, '=');
  if (!equals) return error_set(err, "'%.40s' is not of the form key=value", word);
  *equals = 0;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(known[i].key, word) != 0) continue;
    if (*known[i].value) return error_set(err, "the field %s= is given twice", word);
    *known[i].value = equals + 1;
    return true;
  }
  return error_set(err, "unknown field %.40s=", word);
}

static bool number_field(const char* key, const char* value, uint64_t* number, struct error* err) {
  if (!value) return error_set(err, "the field %s= is missing", key);
  const char* end = value;
  if (take_number(&end, number) && *end == 0) return true;
  return error_set(err, "%s=%.40s: not a decimal number below 2^32", key, value);
}

static bool fit_field(const char* value, enum holes_fit* fit, struct error* err) {
  static const char* const names[] = {[HOLES_FIRST] = "first", [HOLES_BEST] = "best", [HOLES_WORST] = "worst"};
  if (!value) return error_set(err, "the field fit= is missing");
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    *fit = (enum holes_fit)i;
    if (strcmp(value, names[i]) == 0) return true;
  }
  return error_set(err, "fit=%.40s: there are first, best, worst", value);
}

bool freespace_case_parse(struct freespace_case* c, char* line, struct error* err) {
  struct fields fields = {0};
  uint64_t merge;
  char* save = NULL;
  for (char* word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save))
    if (!take_field(&fields, word, err)) return false;
  if (!fit_field(fields.fit, &c->fit, err) || !number_field("heap", fields.heap, &c->heap, err) ||
      !number_field("base", fields.base, &c->base, err) || !number_field("header", fields.header, &c->header, err) ||
      !number_field("coalesce", fields.coalesce, &merge, err))
    return false;
  if (merge > 1) return error_set(err, "coalesce=%" PRIu64 ": 0 or 1", merge);
  if (!fields.ops) return error_set(err, "the field ops= is missing");
  if (!fields.freelist) return error_set(err, "the field freelist= is missing");
  c->merge = merge;
  c->operations = fields.ops;
  c->list = fields.freelist;
  return check_operations(c->operations, err);
}

// ---------------------------------------------------------------------------------------------------------------------
// Replay

// "1016 after 3 chunks"
struct answer_text {
  char text[64];
};
static struct answer_text answer_text(bool fails, uint64_t address, uint64_t seen) {
  struct answer_text answer;
  char number[24] = "fail";
  if (!fails) snprintf(number, sizeof number, "%" PRIu64, address);
  snprintf(answer.text, sizeof answer.text, "%s after %" PRIu64 " chunks", number, seen);
  return answer;
}

static bool allocate(const struct freespace_case* c, struct holes* holes, const struct operation* op,
                     struct hole places[IDS], struct error* mismatch) {
  unsigned seen = 0;
  struct hole* place = &places[op->id];
  place->length = op->size + c->header;
  bool fails = !holes_take(holes, c->fit, place->length, &place->start, &seen);
  struct answer_text expected = answer_text(op->fails, op->address, op->seen);
  struct answer_text got = answer_text(fails, place->start + c->header, seen);
  if (strcmp(expected.text, got.text) == 0) return true;
  return error_set(mismatch, "a%" PRIu64 ": expected %s, got %s", op->id, expected.text, got.text);
}

static bool give_back(const struct freespace_case* c, struct holes* holes, const struct hole* place,
                      struct error* mismatch) {
  if (!holes_put(holes, place->start, place->length))
    return error_set(mismatch, "the list of holes is full: %d", HOLES_MAX);
  if (c->merge) holes_merge(holes);
  return true;
}

static bool same_list(const char* expected, const struct holes* holes, struct error* mismatch) {
  char text[LIST_TEXT_MAX] = "";
  size_t length = 0;
  for (unsigned i = 0; i < holes->count; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%" PRIu64 "+%" PRIu64, i ? "," : "",
                               holes->hole[i].start, holes->hole[i].length);
  if (strcmp(text, expected) == 0) return true;
  return error_set(mismatch, "free list: expected %.200s, got %.200s", expected, text);
}

bool freespace_case_replay(const struct freespace_case* c, struct error* mismatch) {
  struct holes holes;
  struct hole places[IDS] = {{0, 0}};
  holes_init(&holes, c->base, c->heap);
  for (const char* text = c->operations; *text;) {
    struct operation op;
    take_operation(&text, &op);
    bool same = op.frees ? give_back(c, &holes, &places[op.id], mismatch) : allocate(c, &holes, &op, places, mismatch);
    if (!same) return false;
  }
  return same_list(c->list, &holes, mismatch);
}
