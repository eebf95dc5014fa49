// SPDX-License-Identifier: MIT
// What the fuzzers of parsers share.
#include "parsers/parsers.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload/trace.h"

_Noreturn void parser_broken(const char* claim, const char* file, int line) {
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
  abort();
}

const char* parser_file(const uint8_t* data, size_t size) {
  static int fd = -1;
  static char path[32];
  if (fd < 0) {
    fd = memfd_create("input", 0);
    PARSER_REQUIRE(fd >= 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  }
  PARSER_REQUIRE(ftruncate(fd, 0) == 0);
  PARSER_REQUIRE(pwrite(fd, data, size, 0) == (ssize_t)size);
  return path;
}

char* parser_text(const uint8_t* data, size_t size) {
  char* text = malloc(size + 1);
  PARSER_REQUIRE(text);
  if (size) memcpy(text, data, size);
  text[size] = 0;
  return text;
}

FILE* parser_nowhere(void) {
  static FILE* file;
  if (!file) file = fopen("/dev/null", "w");
  PARSER_REQUIRE(file);
  return file;
}

void parser_check_refusal(const struct error* err) {
  PARSER_REQUIRE(memchr(err->text, 0, sizeof err->text));
  PARSER_REQUIRE(*err->text);
  for (const char* p = err->text; *p; p++) PARSER_REQUIRE((unsigned char)*p >= ' ' && *p != 0x7f);
}

// ---- traces ---------------------------------------------------------------------------------------------------------

static void check_references(const struct trace* trace) {
  PARSER_REQUIRE(trace->count > 0);
  for (size_t i = 0; i < trace->count; i++) {
    const struct ref* ref = &trace->refs[i];
    PARSER_REQUIRE(ref->size >= 1 && ref->size <= 4096);
    PARSER_REQUIRE(ref->kind <= ACCESS_FETCH);
    PARSER_REQUIRE(ref->va + (ref->size - 1) >= ref->va);
    PARSER_REQUIRE(ref->flags == REF_USER && ref->segment == 0);
  }
}

// Written and read again it is the same trace.
static void check_saving(const struct trace* trace) {
  static char path[64];
  if (!*path) snprintf(path, sizeof path, "/tmp/pagewalk-parser-%d.pwt", (int)getpid());
  const struct trace_options options = {.format = TRACE_BINARY};
  struct trace again;
  PARSER_REQUIRE(trace_save(trace, path, NULL));
  PARSER_REQUIRE(trace_load(&again, path, &options, NULL));
  unlink(path);
  PARSER_REQUIRE(again.count == trace->count && again.hash == trace->hash);
  trace_free(&again);
}

static void check_fitting(struct trace* trace, enum paging_mode mode, bool strict) {
  struct error err = {.text = ""};
  struct trace_ranges ranges;
  if (!trace_fit(trace, mode, strict, NULL, &err)) {
    parser_check_refusal(&err);
    return;
  }
  check_references(trace);
  if (!trace_ranges(trace, &ranges, &err)) {
    parser_check_refusal(&err);
    return;
  }
  uint64_t pages = 0;
  for (size_t i = 0; i < ranges.count; i++) {
    PARSER_REQUIRE(i == 0 || ranges.ranges[i].start >= ranges.ranges[i - 1].end);
    pages += (ranges.ranges[i].end - ranges.ranges[i].start) >> 12;
  }
  PARSER_REQUIRE(pages == ranges.pages);
  trace_ranges_free(&ranges);
}

// What is done beyond loading takes its choices from the input's length.
void parser_trace(const uint8_t* data, size_t size, int format) {
  struct trace_options options = {.format = (enum trace_format)format};
  struct error err = {.text = ""};
  struct trace trace;
  if (size % 16 == 1) options.skip = size % 5;
  if (size % 16 == 2) options.count = 1 + size % 7;
  // Of a part of a binary trace the hash at its end, which is hard to guess, isn't compared.
  if (format == TRACE_BINARY && size % 8 != 7 && !options.skip && !options.count) options.count = UINT32_MAX;
  if (!trace_load(&trace, parser_file(data, size), &options, &err)) {
    parser_check_refusal(&err);
    return;
  }
  check_references(&trace);
  if (size % 64 == 3) check_saving(&trace);
  check_fitting(&trace, (enum paging_mode)(size % MODE_COUNT), size % 3 == 0);
  trace_free(&trace);
}
