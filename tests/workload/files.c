// SPDX-License-Identifier: MIT
// Files for tests of the trace readers.
#include "workload/files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static char folder[] = "/tmp/pagewalk-test-XXXXXX";

int files_begin(void** state) {
  (void)state;
  strcpy(folder + sizeof folder - 7, "XXXXXX");
  return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

int files_end(void** state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

void file_write(const char* name, const void* data, size_t bytes) {
  FILE* file = fopen(name, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(data, 1, bytes, file), bytes);
  assert_int_equal(fclose(file), 0);
}

void file_text(const char* name, const char* text) { file_write(name, text, strlen(text)); }

unsigned char* file_read(const char* name, size_t* bytes) {
  FILE* file = fopen(name, "r");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  *bytes = (size_t)ftell(file);
  rewind(file);
  unsigned char* data = malloc(*bytes + 1);
  assert_non_null(data);
  assert_int_equal(fread(data, 1, *bytes, file), *bytes);
  fclose(file);
  return data;
}

bool file_exists(const char* name) { return access(name, F_OK) == 0; }

void shell(const char* command) {
  int status = system(command);
  if (status != 0) fail_msg("%s: status %d", command, status);
}

struct trace load_ok(const char* path, enum trace_format format) {
  struct trace trace;
  struct error err;
  if (!trace_load(&trace, path, &(struct trace_options){.format = format}, &err)) fail_msg("%s", err.text);
  return trace;
}

void load_fails(const char* path, enum trace_format format, ...) {
  struct trace trace;
  struct error err = {""};
  if (trace_load(&trace, path, &(struct trace_options){.format = format}, &err)) fail_msg("%s was taken", path);
  assert_null(trace.refs);
  va_list words;
  va_start(words, format);
  for (const char* word; (word = va_arg(words, const char*));)
    if (!strstr(err.text, word)) fail_msg("\"%s\" is not in the message: %s", word, err.text);
  va_end(words);
  if (strchr(err.text, '\n')) fail_msg("more than one line: %s", err.text);
}

void assert_same_refs(const struct trace* a, const struct trace* b) {
  assert_int_equal(a->count, b->count);
  for (size_t i = 0; i < a->count; i++)
    if (memcmp(&a->refs[i], &b->refs[i], sizeof *a->refs) != 0) fail_msg("reference %zu differs", i);
  assert_int_equal(a->hash, b->hash);
}
