// SPDX-License-Identifier: MIT
#include "script/x86_case.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum field {
  F_ID,
  F_MODE,
  F_CR0,
  F_CR3,
  F_CR4,
  F_EFER,
  F_CPL,
  F_AC,
  F_OP,
  F_PKRU,
  F_VA,
  F_NENT,
  F_RESULT,
  F_PA,
  F_PGSZ,
  F_ERR,
  F_CR2,
  F_AOPT,
  F_BY,
  F_CLS,
  F_NOTE,
  F_COUNT
};
static const char* const field_names[] = {"id",  "mode", "cr0", "cr3",  "cr4",    "efer", "cpl",  "ac",
                                          "op",  "pkru", "va",  "nent", "result", "pa",   "pgsz", "err",
                                          "cr2", "aopt", "by",  "cls",  "note",   NULL};

struct fields {
  const char* value[F_COUNT];  // NULL: not given
};

static bool number(const char* text, int base, uint64_t* value) {
  char* end;
  if (!isxdigit((unsigned char)*text)) return false;
  errno = 0;
  *value = strtoull(text, &end, base);
  return *end == 0 && errno == 0;
}

static bool numeric_field(const struct fields* fields, enum field field, int base, uint64_t max, uint64_t* value,
                          struct error* err) {
  const char* text = fields->value[field];
  if (!text) return error_set(err, "the field %s= is missing", field_names[field]);
  if (!number(text, base, value) || *value > max)
    return error_set(err, "%s=%s: not a %s number in range", field_names[field], text,
                     base == 16 ? "hexadecimal" : "decimal");
  return true;
}

static bool word_field(const struct fields* fields, enum field field, const char* const* words, int* index,
                       struct error* err) {
  const char* text = fields->value[field];
  if (!text) return error_set(err, "the field %s= is missing", field_names[field]);
  for (*index = 0; words[*index]; ++*index)
    if (strcmp(text, words[*index]) == 0) return true;
  return error_set(err, "%s=%s: unknown word", field_names[field], text);
}

// "<prefix>N=": N, or -1.
static int numbered_key(const char* key, const char* prefix, int limit) {
  size_t length = strlen(prefix);
  if (strncmp(key, prefix, length) != 0 || !isdigit((unsigned char)key[length]) || key[length + 1]) return -1;
  return key[length] - '0' < limit ? key[length] - '0' : -1;
}

// "<physaddr>:<before>:<after>" (aux entries have no after).
static bool parse_entry(char* text, bool aux, uint64_t* pa, uint64_t* before, uint64_t* after) {
  char *save = NULL, *first = strtok_r(text, ":", &save), *second = strtok_r(NULL, ":", &save),
       *third = aux ? second : strtok_r(NULL, ":", &save);
  return first && second && third && !strtok_r(NULL, ":", &save) && number(first, 16, pa) &&
         *pa < UINT64_C(1) << X86_CASE_MAXPHYADDR && number(second, 16, before) && number(third, 16, after);
}

static bool take_field(struct x86_case* c, struct fields* fields, unsigned seen[2], char* key, char* value,
                       struct error* err) {
  for (int aux = 0; aux < 2; aux++) {
    int n = numbered_key(key, aux ? "aux" : "pte", aux ? X86_CASE_AUX : X86_CASE_ENTRIES);
    if (n < 0) continue;
    if (seen[aux] >> n & 1) return error_set(err, "the field %s= is given twice", key);
    seen[aux] |= 1u << n;
    uint64_t pa, before, after;
    if (!parse_entry(value, aux, &pa, &before, &after))
      return error_set(err, "%s=: not %s in hexadecimal", key, aux ? "address:value" : "address:before:after");
    if (aux) {
      c->aux_entry[c->aux].pa = pa;
      c->aux_entry[c->aux].before = before;
      c->aux_entry[c->aux++].after = after;
    } else {
      c->entry[n].pa = pa;
      c->entry[n].before = before;
      c->entry[n].after = after;
    }
    return true;
  }
  for (int f = 0; f < F_COUNT; f++) {
    if (strcmp(key, field_names[f]) != 0) continue;
    if (fields->value[f]) return error_set(err, "the field %s= is given twice", key);
    fields->value[f] = value;
    return true;
  }
  return error_set(err, "unknown field %s=", key);
}

static bool take_fields(struct x86_case* c, struct fields* fields, unsigned seen[2], char* line, struct error* err) {
  char* save = NULL;
  for (char* word = strtok_r(line, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
    char* equals = strchr(word, '=');
    if (!equals) return error_set(err, "'%.40s' is not of the form key=value", word);
    *equals = 0;
    if (!take_field(c, fields, seen, word, equals + 1, err)) return false;
  }
  return true;
}

static const char* const mode_words[] = {"32", "pae", "4l", "5l", NULL};  // from MODE_32BIT on
static const char* const kind_words[] = {"r", "w", "x", NULL};
static const char* const result_words[] = {"ok", "pf", "gp", "gpcr3", NULL};

static bool read_state(struct x86_case* c, const struct fields* fields, struct error* err) {
  int mode = 0;
  if (!word_field(fields, F_MODE, mode_words, &mode, err)) return false;
  c->mode = (enum paging_mode)(MODE_32BIT + mode);
  return numeric_field(fields, F_CR0, 16, UINT64_MAX, &c->cr0, err) &&
         numeric_field(fields, F_CR3, 16, UINT64_MAX, &c->cr3, err) &&
         numeric_field(fields, F_CR4, 16, UINT64_MAX, &c->cr4, err) &&
         numeric_field(fields, F_EFER, 16, UINT64_MAX, &c->efer, err) &&
         (!fields->value[F_PKRU] || numeric_field(fields, F_PKRU, 16, UINT32_MAX, &c->pkru, err));
}

static bool read_access(struct x86_case* c, const struct fields* fields, struct error* err) {
  int kind = 0;
  uint64_t cpl, ac;
  if (!word_field(fields, F_OP, kind_words, &kind, err) || !numeric_field(fields, F_CPL, 10, 3, &cpl, err) ||
      !numeric_field(fields, F_AC, 10, 1, &ac, err) || !numeric_field(fields, F_VA, 16, UINT64_MAX, &c->ref.va, err))
    return false;
  if (cpl != 0 && cpl != 3) return error_set(err, "cpl=%s: must be 0 or 3", fields->value[F_CPL]);
  c->ref.size = 1;
  c->ref.kind = (uint8_t)kind;
  c->ref.flags = (uint8_t)((cpl == 3 ? REF_USER : 0) | (ac ? REF_AC : 0));
  return true;
}

static bool read_result(struct x86_case* c, const struct fields* fields, struct error* err) {
  int result = 0;
  if (!word_field(fields, F_RESULT, result_words, &result, err)) return false;
  c->result = (enum x86_result)result;
  if (c->result == X86_OK)
    return numeric_field(fields, F_PA, 16, UINT64_MAX, &c->pa, err) &&
           numeric_field(fields, F_PGSZ, 10, 30, &c->page_shift, err);
  if (c->result == X86_PF)
    return numeric_field(fields, F_ERR, 16, 0xff, &c->error, err) &&
           numeric_field(fields, F_CR2, 16, UINT64_MAX, &c->cr2, err) &&
           (!fields->value[F_AOPT] ||
            numeric_field(fields, F_AOPT, 16, (1u << X86_CASE_ENTRIES) - 1, &c->a_optional, err));
  return true;
}

bool x86_case_parse(struct x86_case* c, char* line, struct error* err) {
  struct fields fields = {{NULL}};
  unsigned seen[2] = {0, 0};
  uint64_t entries;
  *c = (struct x86_case){0};
  if (!take_fields(c, &fields, seen, line, err)) return false;
  if (!fields.value[F_ID]) return error_set(err, "the field id= is missing");
  if (strlen(fields.value[F_ID]) >= sizeof c->id) return error_set(err, "id=%.40s...: too long", fields.value[F_ID]);
  strcpy(c->id, fields.value[F_ID]);
  if (!read_state(c, &fields, err) || !read_access(c, &fields, err) ||
      !numeric_field(&fields, F_NENT, 10, X86_CASE_ENTRIES, &entries, err) || !read_result(c, &fields, err))
    return false;
  if (seen[0] != (1u << entries) - 1)
    return error_set(err, "nent=%s, but the fields pte0= to pteN= are not that many", fields.value[F_NENT]);
  c->entries = (unsigned)entries;
  return true;
}

void x86_case_write(const struct x86_case* c, FILE* out) {
  fprintf(out, "id=%s mode=%s cr0=%" PRIx64 " cr3=%" PRIx64 " cr4=%" PRIx64 " efer=%" PRIx64 " cpl=%d ac=%d op=%s",
          c->id, mode_words[c->mode - MODE_32BIT], c->cr0, c->cr3, c->cr4, c->efer, c->ref.flags & REF_USER ? 3 : 0,
          c->ref.flags & REF_AC ? 1 : 0, kind_words[c->ref.kind]);
  if (c->pkru) fprintf(out, " pkru=%" PRIx64, c->pkru);
  fprintf(out, " va=%" PRIx64 " nent=%u", c->ref.va, c->entries);
  for (unsigned i = 0; i < c->entries; i++)
    fprintf(out, " pte%u=%" PRIx64 ":%" PRIx64 ":%" PRIx64, i, c->entry[i].pa, c->entry[i].before, c->entry[i].after);
  for (unsigned i = 0; i < c->aux; i++)
    fprintf(out, " aux%u=%" PRIx64 ":%" PRIx64, i, c->aux_entry[i].pa, c->aux_entry[i].after);
  fprintf(out, " result=%s", result_words[c->result]);
  if (c->result == X86_OK) fprintf(out, " pa=%" PRIx64 " pgsz=%" PRIu64, c->pa, c->page_shift);
  if (c->result == X86_PF) fprintf(out, " err=%" PRIx64 " cr2=%" PRIx64, c->error, c->cr2);
  if (c->a_optional) fprintf(out, " aopt=%" PRIx64, c->a_optional);
  fputc('\n', out);
}

unsigned x86_case_entry_size(const struct x86_case* c) { return c->mode == MODE_32BIT ? 4 : 8; }
