// SPDX-License-Identifier: MIT
// pagewalk-trace [--skip N] [--count N] IN OUT    converts a trace to the binary format
// pagewalk-trace --count-only IN                  prints how many references it holds
// pagewalk-trace --describe FILE...               prints a table of what traces hold, for tests/traces/README.md
// IN may be - for standard input. Used by scripts/traces.sh.
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "workload/trace.h"

static int complain(const struct error* err) {
  fprintf(stderr, "pagewalk-trace: %s\n", err->text);
  return 1;
}

static int usage(void) {
  fputs("usage: pagewalk-trace [--skip N] [--count N] IN OUT | --count-only IN | --describe FILE...\n", stderr);
  return 2;
}

static int count_only(const char* path) {
  struct trace trace;
  struct error err;
  if (!trace_load(&trace, path, &(struct trace_options){0}, &err)) return complain(&err);
  printf("%zu\n", trace.count);
  trace_free(&trace);
  return 0;
}

static int describe(char** paths) {
  char text[8][NUMBER_TEXT_MAX];
  puts("| file | references | fetches | reads | writes | pages | pages fetched | pages written | regions of 4 MiB |");
  puts("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
  for (; *paths; paths++) {
    struct trace trace;
    struct trace_ranges ranges;
    struct error err;
    if (!trace_load(&trace, *paths, &(struct trace_options){0}, &err)) return complain(&err);
    uint64_t kinds[3] = {0}, fetched = 0, written = 0;
    for (size_t i = 0; i < trace.count; i++) kinds[trace.refs[i].kind]++;
    if (!trace_ranges(&trace, &ranges, &err)) return complain(&err);
    for (size_t i = 0; i < ranges.count; i++) {
      uint64_t pages = (ranges.ranges[i].end - ranges.ranges[i].start) / 4096;
      if (ranges.ranges[i].fetch) fetched += pages;
      if (ranges.ranges[i].write) written += pages;
    }
    size_t regions, count = trace.count;
    if (!trace_fit(&trace, MODE_32BIT, false, &regions, &err)) return complain(&err);
    const char* name = strrchr(*paths, '/');
    printf("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name ? name + 1 : *paths, number_text(count, text[0]),
           number_text(kinds[ACCESS_FETCH], text[1]), number_text(kinds[ACCESS_READ], text[2]),
           number_text(kinds[ACCESS_WRITE], text[3]), number_text(ranges.pages, text[4]), number_text(fetched, text[5]),
           number_text(written, text[6]), number_text(regions, text[7]));
    trace_ranges_free(&ranges);
    trace_free(&trace);
  }
  return 0;
}

static int convert(const char* in, const char* out, const struct trace_options* options) {
  struct trace trace;
  struct error err;
  if (!trace_load(&trace, in, options, &err)) return complain(&err);
  bool ok = trace_save(&trace, out, &err);
  trace_free(&trace);
  return ok ? 0 : complain(&err);
}

int main(int argc, char** argv) {
  struct trace_options options = {0};
  if (argc == 3 && strcmp(argv[1], "--count-only") == 0) return count_only(argv[2]);
  if (argc >= 3 && strcmp(argv[1], "--describe") == 0) return describe(argv + 2);
  for (; argc >= 5 && argv[1][0] == '-' && argv[1][1]; argc -= 2, argv += 2) {
    uint64_t* value = strcmp(argv[1], "--skip") == 0    ? &options.skip
                      : strcmp(argv[1], "--count") == 0 ? &options.count
                                                        : NULL;
    if (!value || !number_parse(argv[2], value)) return usage();
  }
  return argc == 3 ? convert(argv[1], argv[2], &options) : usage();
}
