// SPDX-License-Identifier: MIT
// Traces: a recorded program's references, read whole into memory. Formats: docs/traces.md.
#ifndef PAGEWALK_WORKLOAD_TRACE_H
#define PAGEWALK_WORKLOAD_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "engine/engine.h"

enum trace_format { TRACE_DETECT, TRACE_LACKEY, TRACE_DIN, TRACE_BINARY, TRACE_FORMAT_COUNT };

struct trace {
  struct ref* refs;  // flags = REF_USER
  size_t count;
  enum trace_format format;
  uint64_t hash;     // of the references as loaded, before folding: FNV-1a over 64-bit words (docs/traces.md)
  uint64_t skipped;  // references left out at the start; messages number refs[0] as skipped + 1
  bool unfinished;   // lackey text read to its end that has valgrind's opening lines but not its closing ones: it was
                     // cut between two records, or the program became another by exec. Worth a note to the user.
  bool interrupted;  // *interrupt ended the reading: these are the references read until then
};

struct trace_options {
  enum trace_format format;       // TRACE_DETECT: from the content
  uint64_t skip, count;           // references to leave out at the start; to load at most (0: all)
  const volatile int* interrupt;  // or NULL: loading stops when it is set
  void (*progress)(void* ctx, uint64_t refs, uint64_t bytes);  // or NULL
  void* progress_ctx;
};

// `path`: a file, or "-" for standard input; compressed (xz, gzip, zstd, bzip2) or not. Errors name the file, the
// record and the byte offset (in the decompressed text); a damaged or truncated file is an error, never a shorter
// trace. `skip` leaving nothing is an error; `count` more than there is, is not. What lies behind the last reference
// wanted is not read. Interrupted reading is an error only if there is no reference yet.
bool trace_load(struct trace* trace, const char* path, const struct trace_options* options, struct error* err);
// Writes the binary format; the file appears only when it is whole. `flags` are not kept.
bool trace_save(const struct trace* trace, const char* path, struct error* err);
void trace_free(struct trace* trace);

// Makes the addresses fit a mode. Long modes: refuses non-canonical ones. All others: a trace that lies below 3 GiB
// stays as it is; else it is folded region by region (4 MiB) into user space below 3 GiB, low 22 bits kept, references
// that cross a region split in two (docs/traces.md), or, if `strict`, the first address beyond 3 GiB is refused. With
// more than one trace the caller gives each its own fold. *regions: how many 4 MiB regions were folded; 0: nothing
// changed. `regions` may be NULL. On failure the trace is unchanged.
bool trace_fit(struct trace* trace, enum paging_mode mode, bool strict, size_t* regions, struct error* err);

// The ranges of pages that a trace touches, in address order, neighbours of equal use merged: what a loader would map.
struct trace_range {
  uint64_t start, end;  // multiples of 4096
  bool read, write, fetch;
};
struct trace_ranges {
  struct trace_range* ranges;
  size_t count;
  uint64_t pages;
};
bool trace_ranges(const struct trace* trace, struct trace_ranges* ranges, struct error* err);
void trace_ranges_free(struct trace_ranges* ranges);

// Generated workloads: "cyclic:pages=65,refs=100000", "uniform:pages=...,refs=...", ... `seed` makes random ones
// repeatable. `options` (or NULL: all of it) as for trace_load, without a format: memory is needed only for what is
// wanted. The message lists what there is.
bool trace_generate(struct trace* trace, const char* spec, uint64_t seed, const struct trace_options* options,
                    struct error* err);
const char* trace_generators(void);  // for help texts: one line a generator, "  name:keys  what it does\n"

const char* trace_format_name(enum trace_format format);  // "lackey", "din", "binary"; "detect"
bool trace_format_parse(const char* name, enum trace_format* format, struct error* err);

#endif
