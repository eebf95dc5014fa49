// SPDX-License-Identifier: MIT
// Reads a machine from YAML. libyaml is asked first where each key stands, so that a message can name file, line and
// key; libcyaml then loads the values by a schema made from the table of keys.
#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/config.h"
#include "config/folder.h"
#include "config/keys.h"

enum { KEYS_MAX = 256, NAME_MAX_LENGTH = 64, FILE_MAX_BYTES = 1 << 20 };

// ---- where each key stands ------------------------------------------------------------------------------------------

struct scan {
  yaml_parser_t parser;
  const char* path;
  size_t lines[KEYS_MAX];  // by index in config_keys; 0: not in the file
  struct {
    char name[NAME_MAX_LENGTH];
    size_t line;
  } sections[KEYS_MAX];  // entered so far
  size_t section_count;
  struct error* err;
};

static bool next_event(struct scan* scan, yaml_event_t* event) {
  if (yaml_parser_parse(&scan->parser, event)) return true;
  const yaml_parser_t* p = &scan->parser;
  size_t line = p->problem_mark.line + 1;
  if (p->error == YAML_READER_ERROR)
    return error_set(scan->err, "%s: not a YAML text: %s at byte %zu", scan->path, p->problem, p->problem_offset);
  return error_set(scan->err, "%s:%zu: not YAML: %s", scan->path, line, p->problem ? p->problem : "unreadable");
}

static bool fail_at(struct scan* scan, size_t line) { return error_prefix(scan->err, "%s:%zu", scan->path, line); }

static bool is_section(const char* name) {
  size_t length = strlen(name);
  for (size_t i = 0; i < config_key_count; i++)
    if (strncmp(config_keys[i].name, name, length) == 0 && config_keys[i].name[length] == '.') return true;
  return false;
}

static bool twice(struct scan* scan, const char* name, size_t first, size_t line) {
  error_set(scan->err, "%s: stands twice in this file, in line %zu too; keep one", name, first);
  return fail_at(scan, line);
}

static bool scan_mapping(struct scan* scan, const char* section);

// A section stands once: libcyaml says only that it met an unexpected event.
static bool scan_section(struct scan* scan, const char* name, size_t line) {
  for (size_t i = 0; i < scan->section_count; i++)
    if (strcmp(scan->sections[i].name, name) == 0) return twice(scan, name, scan->sections[i].line, line);
  size_t here = scan->section_count++;  // each is one of the table's, so that there is room
  snprintf(scan->sections[here].name, NAME_MAX_LENGTH, "%s", name);
  scan->sections[here].line = line;
  return scan_mapping(scan, name);
}

static bool scan_value(struct scan* scan, const char* name, const yaml_event_t* value, size_t line) {
  const struct config_key* key = config_key_find(name);
  if (!key && is_section(name)) {
    if (value->type == YAML_MAPPING_START_EVENT) return scan_section(scan, name, line);
    error_set(scan->err, "%s: holds several keys; write them below it, indented", name);
    return fail_at(scan, line);
  }
  if (!key) {
    config_key_unknown(name, scan->err);
    return fail_at(scan, line);
  }
  size_t* seen = &scan->lines[key - config_keys];
  if (value->type != YAML_SCALAR_EVENT) {
    error_set(scan->err, "%s: needs one plain value", name);
    return fail_at(scan, line);
  }
  if (*seen) return twice(scan, name, *seen, line);
  *seen = line;
  return true;
}

// One `key: value` of a mapping, its key being `event`.
static bool scan_pair(struct scan* scan, const char* section, const yaml_event_t* event) {
  size_t line = event->start_mark.line + 1;
  if (event->type != YAML_SCALAR_EVENT || strchr((const char*)event->data.scalar.value, '\n')) {
    error_set(scan->err, "a key must be a plain word");
    return fail_at(scan, line);
  }
  const char* word = (const char*)event->data.scalar.value;
  char name[NAME_MAX_LENGTH];
  snprintf(name, sizeof name, "%s%s%s", section, *section ? "." : "", word);
  const char* dot = strchr(word, '.');
  if (dot && (config_key_find(name) || is_section(name))) {
    error_set(scan->err, "%s: in a file, write the part behind the dot below '%.*s:', indented", name,
              (int)(dot - word), word);
    return fail_at(scan, line);
  }
  yaml_event_t value;
  if (!next_event(scan, &value)) return false;
  bool ok = scan_value(scan, name, &value, line);
  yaml_event_delete(&value);
  return ok;
}

// The pairs of a mapping whose start has been read. `section`: the dotted name before its keys, or "". Only sections
// of the table are entered, so that the depth is bounded.
static bool scan_mapping(struct scan* scan, const char* section) {
  for (;;) {
    yaml_event_t event;
    if (!next_event(scan, &event)) return false;
    bool end = event.type == YAML_MAPPING_END_EVENT;
    bool ok = end || scan_pair(scan, section, &event);
    yaml_event_delete(&event);
    if (end || !ok) return ok;
  }
}

static bool scan_document(struct scan* scan) {
  for (unsigned documents = 0;;) {
    yaml_event_t event;
    if (!next_event(scan, &event)) return false;
    yaml_event_type_t type = event.type;
    size_t line = event.start_mark.line + 1;
    bool empty = type == YAML_SCALAR_EVENT && event.data.scalar.length == 0;
    yaml_event_delete(&event);
    if (type == YAML_STREAM_END_EVENT) return true;
    if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
      error_set(scan->err, "a second document; a machine is one");
      return fail_at(scan, line);
    }
    if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT || type == YAML_DOCUMENT_END_EVENT ||
        empty)
      continue;
    if (type != YAML_MAPPING_START_EVENT) {
      error_set(scan->err, "not a machine: expected lines of the form key: value");
      return fail_at(scan, line);
    }
    if (!scan_mapping(scan, "")) return false;
  }
}

static bool scan_keys(struct scan* scan, const char* text, size_t length) {
  if (!yaml_parser_initialize(&scan->parser)) return error_set(scan->err, "out of memory");
  yaml_parser_set_input_string(&scan->parser, (const unsigned char*)text, length);
  bool ok = scan_document(scan);
  yaml_parser_delete(&scan->parser);
  return ok;
}

// ---- a libcyaml schema made from the table --------------------------------------------------------------------------

// What libcyaml fills: the text of each key's value, by index, NULL where the file has none.
struct values {
  char* text[KEYS_MAX];
};

struct schema {
  cyaml_schema_field_t fields[2 * KEYS_MAX];
  size_t field_count;
  char words[2 * KEYS_MAX][NAME_MAX_LENGTH];
  size_t word_count;
};

// The fields of keys first..last-1, which share their first `depth` characters. Sections have no storage of their own:
// they lie at offset 0, and the keys in them at their place in struct values.
static const cyaml_schema_field_t* build_fields(struct schema* schema, size_t first, size_t last, size_t depth) {
  cyaml_schema_field_t level[KEYS_MAX + 1];
  size_t count = 0;
  for (size_t i = first; i < last;) {
    const char* rest = config_keys[i].name + depth;
    size_t word = strcspn(rest, "."), end = i + 1;
    char* name = schema->words[schema->word_count++];
    snprintf(name, NAME_MAX_LENGTH, "%.*s", (int)word, rest);
    cyaml_schema_field_t* field = &level[count++];
    if (rest[word] == '.') {
      while (end < last && strncmp(config_keys[end].name + depth, rest, word + 1) == 0) end++;
      *field = (cyaml_schema_field_t){
          .key = name,
          .value = {.type = CYAML_MAPPING, .flags = CYAML_FLAG_OPTIONAL, .data_size = sizeof(struct values)}};
      field->value.mapping.fields = build_fields(schema, i, end, depth + word + 1);
    } else {
      *field = (cyaml_schema_field_t){
          .key = name,
          .data_offset = (uint32_t)(i * sizeof(char*)),
          .value = {
              .type = CYAML_STRING, .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, .data_size = sizeof(char)}};
      field->value.string.max = UINT32_MAX;
    }
    i = end;
  }
  level[count++] = (cyaml_schema_field_t)CYAML_FIELD_END;
  cyaml_schema_field_t* fields = schema->fields + schema->field_count;
  memcpy(fields, level, count * sizeof *fields);
  schema->field_count += count;
  return fields;
}

static bool put_values(const struct scan* scan, const struct values* values, struct config* config) {
  for (size_t i = 0; i < config_key_count; i++) {
    if (!values->text[i]) continue;
    uint64_t value;
    if (!config_key_parse(&config_keys[i], values->text[i], &value, scan->err))
      return error_prefix(scan->err, "%s:%zu", scan->path, scan->lines[i]);
    config_key_put(&config_keys[i], config, value);
  }
  return true;
}

static bool saw_keys(const struct scan* scan) {
  for (size_t i = 0; i < config_key_count; i++)
    if (scan->lines[i]) return true;
  return false;
}

static bool load_values(const struct scan* scan, const char* text, size_t length, struct config* config) {
  struct schema* schema = calloc(1, sizeof *schema);
  if (!schema) return error_set(scan->err, "out of memory");
  cyaml_schema_value_t top = {.type = CYAML_MAPPING, .flags = CYAML_FLAG_POINTER, .data_size = sizeof(struct values)};
  top.mapping.fields = build_fields(schema, 0, config_key_count, 0);
  cyaml_config_t quiet = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};
  cyaml_data_t* data = NULL;
  cyaml_err_t status = cyaml_load_data((const uint8_t*)text, length, &quiet, &top, &data, NULL);
  bool ok = status == CYAML_OK ? !data || put_values(scan, data, config)
                               : error_set(scan->err, "%s: %s", scan->path, cyaml_strerror(status));
  cyaml_free(&quiet, &top, data, 0);
  free(schema);
  return ok;
}

// ---- the file -------------------------------------------------------------------------------------------------------

static bool no_such_config(const char* name, struct error* err) {
  if (strchr(name, '/') || strchr(name, '.')) return error_set(err, "%s: %s", name, strerror(ENOENT));
  char** names = config_names();
  const char* near = names ? error_suggest(name, (const char* const*)names) : NULL;
  if (near)
    error_set(err, "%s: no such machine in configs/, nor a file; did you mean %s?", name, near);
  else
    error_set(err, "%s: no such machine in configs/, nor a file; `pagewalk configs` lists them", name);
  config_names_free(names);
  return false;
}

static char* read_file(const char* path, size_t* length, struct error* err) {
  FILE* file = fopen(path, "rb");
  char* text = file ? malloc(FILE_MAX_BYTES) : NULL;
  if (!text) {
    error_set(err, "%s: %m", path);
    if (file) fclose(file);
    return NULL;
  }
  errno = 0;
  *length = fread(text, 1, FILE_MAX_BYTES, file);
  bool failed = ferror(file), whole = *length < FILE_MAX_BYTES;
  if (failed)
    error_set(err, "%s: %m", path);
  else if (!whole)
    error_set(err, "%s: larger than any machine's description (%d bytes)", path, FILE_MAX_BYTES);
  fclose(file);
  if (!failed && whole) return text;
  free(text);
  return NULL;
}

static void name_after(struct config* config, const char* path) {
  const char* slash = strrchr(path, '/');
  const char* start = slash ? slash + 1 : path;
  const char* dot = strrchr(start, '.');
  int length = dot && dot > start ? (int)(dot - start) : (int)strlen(start);
  snprintf(config->name, sizeof config->name, "%.*s", length, start);
}

bool config_load(struct config* config, const char* name, struct error* err) {
  char path[CONFIG_PATH_MAX];
  config_path(name, path);
  size_t length = 0;
  char* text = read_file(path, &length, err);
  if (!text) return errno == ENOENT ? no_such_config(name, err) : false;
  struct scan scan = {.path = path, .err = err};
  struct config loaded;
  config_default(&loaded);
  name_after(&loaded, path);
  bool ok = scan_keys(&scan, text, length);
  // libcyaml takes a document without keys for a mistake.
  if (ok && saw_keys(&scan)) ok = load_values(&scan, text, length, &loaded);
  free(text);
  if (ok) *config = loaded;
  return ok;
}
