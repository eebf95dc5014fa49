// SPDX-License-Identifier: MIT
// Text to operations. A line is cut into words; each operation's parser takes its words, and `=>` the expectations.
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "script/names.h"
#include "script/script.h"
#include "script/text_file.h"

enum { WORDS = 64, LINE_BYTES = 1024 };

struct parser {
  struct script* script;
  size_t room;
  unsigned line, last_set, pending_at;  // pending_at: line of an `at` that no access has taken yet
  char copy[LINE_BYTES];                // the line, cut into words
  char* words[WORDS];
  size_t count, next;
  struct error* err;
};

static bool fail(struct parser* parser, const char* format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct parser* parser, const char* format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return error_set(parser->err, "%s:%u: %s", parser->script->name, parser->line, text);
}

// ---------------------------------------------------------------------------------------------------------------------
// Words

static const char* peek(const struct parser* parser) {
  return parser->next < parser->count ? parser->words[parser->next] : NULL;
}

static const char* take(struct parser* parser) {
  const char* word = peek(parser);
  if (word) parser->next++;
  return word;
}

static bool take_if(struct parser* parser, const char* word) {
  const char* next = peek(parser);
  if (!next || strcmp(next, word) != 0) return false;
  parser->next++;
  return true;
}

// The word up to the comment; `;` and `=>` stand alone even without blanks around them.
static bool cut_words(struct parser* parser, const char* text, size_t length) {
  size_t used = 0;
  parser->count = parser->next = 0;
  for (size_t i = 0; i < length && text[i] != '#';) {
    if (isspace((unsigned char)text[i])) {
      i++;
      continue;
    }
    size_t start = i;
    if (text[i] == ';') {
      i++;
    } else if (text[i] == '=' && i + 1 < length && text[i + 1] == '>') {
      i += 2;
    } else {
      while (i < length && !isspace((unsigned char)text[i]) && text[i] != '#' && text[i] != ';' &&
             !(text[i] == '=' && i + 1 < length && text[i + 1] == '>')) {
        if (!isprint((unsigned char)text[i]))
          return fail(parser, "byte %02x is not text: a script is plain ASCII", (unsigned char)text[i]);
        i++;
      }
    }
    if (parser->count == WORDS || used + (i - start) + 1 > LINE_BYTES)
      return fail(parser, "the line is too long (at most %d words, %d characters): split it", WORDS, LINE_BYTES - 1);
    parser->words[parser->count++] = memcpy(parser->copy + used, text + start, i - start);
    parser->copy[used + (i - start)] = 0;
    used += i - start + 1;
  }
  return true;
}

static bool parse_digits(const char* text, int base, uint64_t* value) {
  if (base == 16 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) text += 2;
  if (!isxdigit((unsigned char)*text)) return false;
  char* end;
  errno = 0;
  *value = strtoull(text, &end, base);
  return *end == 0 && errno == 0;
}

static bool number(struct parser* parser, const char* what, int base, uint64_t* value) {
  const char* word = take(parser);
  const char* kind = base == 16 ? "a hexadecimal number" : "a decimal number";
  if (!word) return fail(parser, "%s is missing: write %s here", what, kind);
  if (!parse_digits(word, base, value))
    return fail(parser, "'%s' is no %s: write %s of at most 64 bits", word, what, kind);
  return true;
}

static bool unknown(struct parser* parser, const char* what, const char* word, const char* const* candidates) {
  char all[256] = "";
  for (size_t i = 0; candidates[i]; i++) {
    if (i) strncat(all, ", ", sizeof all - strlen(all) - 1);
    strncat(all, candidates[i], sizeof all - strlen(all) - 1);
  }
  const char* near = error_suggest(word, candidates);
  if (near) return fail(parser, "unknown %s '%s'; did you mean '%s'? There are: %s", what, word, near, all);
  return fail(parser, "unknown %s '%s'; there are: %s", what, word, all);
}

static bool unknown_counter(struct parser* parser, const char* word) {
  const char* near = error_suggest(word, counter_names);
  if (near) return fail(parser, "unknown counter '%s'; did you mean '%s'?", word, near);
  return fail(parser, "unknown counter '%s'; docs/scripts.md lists them", word);
}

// Index of `word` in `names`, or -1.
static int index_of(const char* word, const char* const* names) {
  for (int i = 0; names[i]; i++)
    if (strcmp(word, names[i]) == 0) return i;
  return -1;
}

static bool name_in(struct parser* parser, const char* what, const char* const* names, int* index) {
  const char* word = take(parser);
  if (!word) return fail(parser, "%s is missing", what);
  *index = index_of(word, names);
  return *index >= 0 || unknown(parser, what, word, names);
}

// "key=" in front of `word`: the text after it, else NULL.
static const char* after_key(const char* word, const char* key) {
  size_t length = strlen(key);
  return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

// ---------------------------------------------------------------------------------------------------------------------
// Expectations

static bool state(struct parser* parser, struct script_result* expect, enum script_field field, const char* word) {
  if (expect->fields & field) return fail(parser, "'%s': that is stated twice after `=>`: keep one", word);
  expect->fields |= field;
  return true;
}

struct number_field {
  const char* key;
  enum script_field field;
  int base;
  size_t offset;
};
static const struct number_field number_fields[] = {
    {"pa", FIELD_PA, 16, offsetof(struct script_result, pa)},
    {"err", FIELD_ERR, 16, offsetof(struct script_result, err)},
    {"cr2", FIELD_CR2, 16, offsetof(struct script_result, cr2)},
    {"reads", FIELD_READS, 10, offsetof(struct script_result, reads)},
    {"cycles", FIELD_CYCLES, 10, offsetof(struct script_result, cycles)},
};

static bool parse_expectation(struct parser* parser, struct script_result* expect, const char* word) {
  int index = index_of(word, script_outcome_names);
  if (index >= 0) {
    expect->outcome = (enum script_outcome)index;
    return state(parser, expect, FIELD_OUTCOME, word);
  }
  if (strcmp(word, "merged") == 0) {
    expect->merged = true;
    return state(parser, expect, FIELD_MERGED, word);
  }
  const char* value = after_key(word, "path");
  if (value) {
    index = index_of(value, script_path_names);
    if (index < 0) return unknown(parser, "path", value, script_path_names);
    expect->path = (enum answer_path)index;
    return state(parser, expect, FIELD_PATH, word);
  }
  for (size_t i = 0; i < sizeof number_fields / sizeof *number_fields; i++) {
    const struct number_field* field = &number_fields[i];
    value = after_key(word, field->key);
    if (!value) continue;
    if (!parse_digits(value, field->base, (uint64_t*)((char*)expect + field->offset)))
      return fail(parser, "'%s': write a %s number after %s=", word, field->base == 16 ? "hexadecimal" : "decimal",
                  field->key);
    return state(parser, expect, field->field, word);
  }
  static const char* const all[] = {
      "ok", "pf", "gp", "bus", "merged", "pa=", "err=", "cr2=", "path=", "reads=", "cycles=", NULL};
  return unknown(parser, "expectation", word, all);
}

static const unsigned any_field = 0xff;
static const unsigned control_fields = FIELD_OUTCOME | FIELD_CYCLES;
static const unsigned probe_fields = 0xff & ~(FIELD_CYCLES | FIELD_MERGED);

// `=> ...` up to `;` or the end of the line. `allowed` masks the fields that make sense for the operation.
static bool parse_expectations(struct parser* parser, struct script_result* expect, unsigned allowed) {
  while (peek(parser) && strcmp(peek(parser), ";") != 0) {
    const char* word = take(parser);
    unsigned before = expect->fields;
    if (!parse_expectation(parser, expect, word)) return false;
    if ((expect->fields & ~before) & ~allowed)
      return fail(
          parser, "'%s' can't be expected of this operation: %s", word,
          allowed == probe_fields ? "a probe takes no time and shares no walk" : "it only has ok, gp and cycles=");
  }
  return expect->fields || fail(parser, "nothing is stated after `=>`: add an expectation, or take the `=>` away");
}

// ---------------------------------------------------------------------------------------------------------------------
// Operations

static const char* const operation_names[] = {"set", "reg",    "mem4",   "mem8",    "check4", "check8",
                                              "seg", "access", "invlpg", "invpcid", "wait",   "both",
                                              "at",  "show",   "probe",  NULL};

static bool parse_control_tail(struct parser* parser, struct script_op* op) {
  op->control.user = take_if(parser, "user");
  if (!take_if(parser, "=>")) return true;
  if (!parse_expectations(parser, &op->expect[0], control_fields)) return false;
  if ((op->expect[0].fields & FIELD_OUTCOME) && op->expect[0].outcome != OUTCOME_OK &&
      op->expect[0].outcome != OUTCOME_GP)
    return fail(parser, "a control operation ends in ok or gp, nothing else");
  return true;
}

static bool parse_reg(struct parser* parser, struct script_op* op) {
  int reg;
  op->kind = SCRIPT_CONTROL;
  if (!name_in(parser, "register", script_register_names, &reg)) return false;
  op->control.op = (uint8_t)reg;
  return number(parser, "value", 16, &op->control.value) && parse_control_tail(parser, op);
}

static bool parse_invlpg(struct parser* parser, struct script_op* op) {
  op->kind = SCRIPT_CONTROL;
  op->control.op = CONTROL_INVLPG;
  return number(parser, "linear address", 16, &op->control.value) && parse_control_tail(parser, op);
}

// TYPE PCID VA
static bool parse_invpcid(struct parser* parser, struct script_op* op) {
  op->kind = SCRIPT_CONTROL;
  op->control.op = CONTROL_INVPCID;
  return number(parser, "type", 16, &op->control.type) && number(parser, "PCID", 16, &op->control.pcid) &&
         number(parser, "linear address", 16, &op->control.value) && parse_control_tail(parser, op);
}

static bool segment_number(struct parser* parser, const char* text, uint8_t* index) {
  uint64_t value;
  if (!text || !parse_digits(text, 16, &value) || value >= SEGMENT_COUNT)
    return fail(parser, "'%s' is no segment: they have the numbers 0 to %d", text ? text : "nothing",
                SEGMENT_COUNT - 1);
  *index = (uint8_t)value;
  return true;
}

// One word of `flags=`, or of the line by itself.
static bool segment_flag(struct segment* segment, const char* word) {
  if (strcmp(word, "expand-down") == 0) return segment->expand_down = true;
  if (strcmp(word, "dpl0") == 0 || strcmp(word, "privilege=0") == 0) return segment->privilege = 0, true;
  return strcmp(word, "dpl3") == 0 || strcmp(word, "privilege=3") == 0;
}

// flags=rw,expand-down,dpl0: letters (r, w) and words, with commas between.
static bool segment_flags(struct parser* parser, struct segment* segment, char* words) {
  char* save = NULL;
  for (char* word = strtok_r(words, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
    if (word[strspn(word, "rw")] == 0)
      segment->writable |= strchr(word, 'w') != NULL;
    else if (!segment_flag(segment, word))
      return fail(parser, "unknown flag '%s' of a segment; there are: r, w, expand-down, dpl0, dpl3", word);
  }
  return true;
}

// base=A limit=L flags=F [expand-down] [dpl0|dpl3], in any order, or `absent`
static bool parse_descriptor(struct parser* parser, struct segment* segment) {
  static const char* const words[] = {"base=", "limit=", "flags=", "expand-down", "dpl0",
                                      "dpl3",  "absent", "user",   NULL};
  unsigned seen = 0;
  if (take_if(parser, "absent")) return true;
  *segment = (struct segment){.present = true, .privilege = 3};
  while (peek(parser) && strcmp(peek(parser), "=>") != 0 && strcmp(peek(parser), "user") != 0) {
    char* word = parser->words[parser->next++];
    const char* value;
    unsigned bit;
    if ((value = after_key(word, "base")) || (value = after_key(word, "limit"))) {
      bit = *word == 'b' ? 1 : 2;
      if (!parse_digits(value, 16, bit == 1 ? &segment->base : &segment->limit))
        return fail(parser, "'%s': write a hexadecimal number of at most 64 bits", word);
    } else if (after_key(word, "flags")) {
      bit = 4;
      if (!segment_flags(parser, segment, word + strlen("flags="))) return false;
    } else if (segment_flag(segment, word)) {
      continue;
    } else {
      return unknown(parser, "word of a segment", word, words);
    }
    if (seen & bit) return fail(parser, "'%s': that is given twice: keep one", word);
    seen |= bit;
  }
  return seen == 7 || fail(parser, "a segment needs all of base=, limit= and flags=, or the word absent");
}

static bool parse_seg(struct parser* parser, struct script_op* op) {
  op->kind = SCRIPT_CONTROL;
  op->control.op = CONTROL_SEGMENT;
  return segment_number(parser, take(parser), &op->control.index) && parse_descriptor(parser, &op->control.segment) &&
         parse_control_tail(parser, op);
}

static bool parse_word(struct parser* parser, struct script_op* op, enum script_op_kind kind, unsigned size) {
  op->kind = kind;
  op->size = size;
  if (!number(parser, "physical address", 16, &op->pa) || !number(parser, "value", 16, &op->value)) return false;
  if (op->pa > (UINT64_C(1) << 52) - size)
    return fail(parser, "physical address %" PRIx64 " is beyond the 52-bit space: use a lower one", op->pa);
  if (op->pa > parser->script->memory - size)
    return fail(parser, "physical address %" PRIx64 " is beyond the memory, which `set ram...` lets end at %" PRIx64,
                op->pa, parser->script->memory);
  if (size == 4 && op->value > UINT32_MAX)
    return fail(parser, "%" PRIx64 " does not fit 4 bytes: use %s8", op->value, kind == SCRIPT_MEM ? "mem" : "check");
  return true;
}

// r|w|x VA [user] [ac] [implicit] [size=N] [seg=N]
static bool parse_ref(struct parser* parser, struct ref* ref) {
  static const char* const options[] = {"user", "ac", "implicit", "size=", "seg=", NULL};
  int kind;
  *ref = (struct ref){.size = 1};
  if (!name_in(parser, "kind of access", script_kind_names, &kind)) return false;
  ref->kind = (uint8_t)kind;
  if (!number(parser, "linear address", 16, &ref->va)) return false;
  while (peek(parser) && strcmp(peek(parser), "=>") != 0 && strcmp(peek(parser), ";") != 0) {
    const char *word = take(parser), *value;
    int flag = index_of(word, script_flag_names);
    if (flag >= 0) {
      ref->flags |= (uint8_t)(1 << flag);
    } else if ((value = after_key(word, "size"))) {
      uint64_t size;
      if (!parse_digits(value, 10, &size) || size < 1 || size > 4096)
        return fail(parser, "'%s': a size is a decimal number of bytes from 1 to 4096", word);
      ref->size = (uint16_t)size;
    } else if ((value = after_key(word, "seg"))) {
      if (!segment_number(parser, value, &ref->segment)) return false;
    } else {
      return unknown(parser, "word of an access", word, options);
    }
  }
  if ((ref->flags & REF_IMPLICIT) && ref->kind == ACCESS_FETCH)
    return fail(parser, "a fetch can't be implicit: implicit accesses read or write data");
  return true;
}

static bool parse_access(struct parser* parser, struct script_op* op) {
  op->kind = SCRIPT_ACCESS;
  op->refs = 1;
  if (!parse_ref(parser, &op->ref[0])) return false;
  return !take_if(parser, "=>") || parse_expectations(parser, &op->expect[0], any_field);
}

static bool parse_both(struct parser* parser, struct script_op* op) {
  op->kind = SCRIPT_ACCESS;
  op->refs = 2;
  if (!parse_ref(parser, &op->ref[0])) return false;
  if (!take_if(parser, ";")) return fail(parser, "`both` makes two accesses at once: both A ; B [=> EXPECT ; EXPECT]");
  if (!parse_ref(parser, &op->ref[1])) return false;
  if ((op->ref[0].kind == ACCESS_FETCH) == (op->ref[1].kind == ACCESS_FETCH))
    return fail(parser, "`both` uses each port once: one access must be x, the other r or w");
  if (!take_if(parser, "=>")) return true;
  if (!parse_expectations(parser, &op->expect[0], any_field)) return false;
  if (!take_if(parser, ";")) return fail(parser, "the second access's expectations are missing: => EXPECT ; EXPECT");
  return parse_expectations(parser, &op->expect[1], any_field);
}

// NAME=VALUE ..., of counters
static bool parse_counts(struct parser* parser, struct script_op* op) {
  if (op->show != SHOW_COUNTERS) return fail(parser, "only of the counters can something be expected");
  while (peek(parser)) {
    char* word = parser->words[parser->next++];
    char* equals = strchr(word, '=');
    if (equals) *equals = 0;
    int counter = index_of(word, counter_names);
    if (counter < 0) return unknown_counter(parser, word);
    if (op->n_counts == SCRIPT_COUNTS)
      return fail(parser, "more than %d counters on a line: state them on several", SCRIPT_COUNTS);
    struct script_count* count = &op->counts[op->n_counts++];
    count->counter = (unsigned)counter;
    if (!equals || !parse_digits(equals + 1, 10, &count->value))
      return fail(parser, "'%s': write a decimal number after %s=", equals ? equals + 1 : "", word);
  }
  return op->n_counts || fail(parser, "nothing is stated after `=>`: add an expectation, or take the `=>` away");
}

static bool parse_show(struct parser* parser, struct script_op* op) {
  int show;
  op->kind = SCRIPT_SHOW;
  if (!name_in(parser, "thing to show", script_show_names, &show)) return false;
  op->show = (enum script_show)show;
  return !take_if(parser, "=>") || parse_counts(parser, op);
}

static bool parse_probe(struct parser* parser, struct script_op* op) {
  op->kind = SCRIPT_PROBE;
  if (!parse_ref(parser, &op->ref[0])) return false;
  return !take_if(parser, "=>") || parse_expectations(parser, &op->expect[0], probe_fields);
}

static bool parse_at(struct parser* parser, struct script_op* op) {
  if (!number(parser, "cycle", 10, &op->at)) return false;
  if (op->at >= UINT64_C(1) << 40) return fail(parser, "`at` %" PRIu64 " is too far away", op->at);
  op->timed = true;
  parser->pending_at = parser->line;
  if (take_if(parser, "reg")) return parse_reg(parser, op);
  if (take_if(parser, "invlpg")) return parse_invlpg(parser, op);
  if (take_if(parser, "mem4")) return parse_word(parser, op, SCRIPT_MEM, 4);
  if (take_if(parser, "mem8")) return parse_word(parser, op, SCRIPT_MEM, 8);
  if (take_if(parser, "invpcid")) return parse_invpcid(parser, op);
  if (take_if(parser, "seg")) return parse_seg(parser, op);
  if (take_if(parser, "access")) return parse_access(parser, op);
  return fail(parser, "`at N` goes in front of access, mem4, mem8, invlpg, invpcid, reg or seg, not '%s'",
              peek(parser) ? peek(parser) : "nothing");
}

static bool parse_operation(struct parser* parser, struct script_op* op) {
  const char* word = take(parser);
  if (strcmp(word, "reg") == 0) return parse_reg(parser, op);
  if (strcmp(word, "invlpg") == 0) return parse_invlpg(parser, op);
  if (strcmp(word, "mem4") == 0) return parse_word(parser, op, SCRIPT_MEM, 4);
  if (strcmp(word, "mem8") == 0) return parse_word(parser, op, SCRIPT_MEM, 8);
  if (strcmp(word, "check4") == 0) return parse_word(parser, op, SCRIPT_CHECK, 4);
  if (strcmp(word, "check8") == 0) return parse_word(parser, op, SCRIPT_CHECK, 8);
  if (strcmp(word, "access") == 0) return parse_access(parser, op);
  if (strcmp(word, "both") == 0) return parse_both(parser, op);
  if (strcmp(word, "at") == 0) return parse_at(parser, op);
  if (strcmp(word, "show") == 0) return parse_show(parser, op);
  if (strcmp(word, "probe") == 0) return parse_probe(parser, op);
  if (strcmp(word, "seg") == 0) return parse_seg(parser, op);
  if (strcmp(word, "invpcid") == 0) return parse_invpcid(parser, op);
  if (strcmp(word, "wait") == 0) {
    op->kind = SCRIPT_WAIT;
    if (!number(parser, "number of cycles", 10, &op->wait)) return false;
    return op->wait < UINT64_C(1) << 40 || fail(parser, "waiting %" PRIu64 " cycles is too long", op->wait);
  }
  return unknown(parser, "operation", word, operation_names);
}

// Memory ends where such a line says; without one it has no end.
static void set_memory(struct script* script) {
  uint64_t frames = config_frames(&script->config);
  script->memory = frames < BENCH_MEMORY >> 12 ? frames << 12 : BENCH_MEMORY;
}

static bool parse_set(struct parser* parser) {
  parser->next++;
  if (parser->script->count)
    return fail(parser, "`set` comes before the first operation: move it to the top of the script");
  if (!peek(parser)) return fail(parser, "`set` needs key=value");
  parser->last_set = parser->line;
  for (const char* assignment; (assignment = take(parser));) {
    if (!config_set(&parser->script->config, assignment, parser->err))
      return error_prefix(parser->err, "%s:%u", parser->script->name, parser->line);
    if (strncmp(assignment, "ram.", 4) == 0) set_memory(parser->script);
  }
  return true;
}

static bool append(struct parser* parser, const struct script_op* op) {
  struct script* script = parser->script;
  if (script->count == parser->room) {
    size_t room = parser->room ? 2 * parser->room : 64;
    struct script_op* ops = realloc(script->ops, room * sizeof *ops);
    if (!ops) return error_set(parser->err, "out of memory");
    script->ops = ops;
    parser->room = room;
  }
  script->ops[script->count++] = *op;
  return true;
}

static bool parse_line(struct parser* parser, const char* text, size_t length) {
  if (!cut_words(parser, text, length)) return false;
  if (parser->count == 0) return true;
  struct script_op op = {.line = parser->line};
  bool is_set = strcmp(peek(parser), "set") == 0;
  if (!(is_set ? parse_set(parser) : parse_operation(parser, &op))) return false;
  if (peek(parser)) return fail(parser, "'%s' is too much on this line: take it out", peek(parser));
  if (is_set) return true;
  if (op.kind == SCRIPT_ACCESS && !op.timed) parser->pending_at = 0;
  return append(parser, &op);
}

static bool finish(struct parser* parser) {
  struct script* script = parser->script;
  if (!script->count)
    return error_set(parser->err,
                     "%s: there is no operation in this script: write at least one, such as: access r 1000",
                     script->name);
  if (parser->pending_at) {
    parser->line = parser->pending_at;
    return fail(parser, "`at` waits for an access, and none follows: add one below it");
  }
  if (config_validate(&script->config, parser->err)) return true;
  if (parser->last_set) error_prefix(parser->err, "%s:%u", script->name, parser->last_set);
  return false;
}

bool script_parse(struct script* script, const char* name, const char* text, size_t length, const struct config* base,
                  struct error* err) {
  *script = (struct script){.name = strdup(name), .config = *base, .memory = BENCH_MEMORY};
  if (!script->name) return error_set(err, "out of memory");
  struct parser parser = {.script = script, .err = err};
  bool ok = true;
  for (size_t start = 0; ok && start < length;) {
    const char* end = memchr(text + start, '\n', length - start);
    size_t line_length = end ? (size_t)(end - (text + start)) : length - start;
    parser.line++;
    ok = parse_line(&parser, text + start, line_length);
    start += line_length + 1;
  }
  if (ok && finish(&parser)) return true;
  script_free(script);
  return false;
}

bool script_load(struct script* script, const char* path, const struct config* base, struct error* err) {
  char* text;
  size_t length;
  if (!text_file_read(path, "an MMU script", &text, &length, err)) return false;
  bool ok = script_parse(script, path, text, length, base, err);
  free(text);
  return ok;
}

void script_free(struct script* script) {
  free(script->name);
  free(script->ops);
  *script = (struct script){0};
}
