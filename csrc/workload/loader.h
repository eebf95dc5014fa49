// SPDX-License-Identifier: MIT
// What the readers of all formats share: a window on the decompressed stream to read from, and a place to put
// references.
#ifndef PAGEWALK_WORKLOAD_LOADER_H
#define PAGEWALK_WORKLOAD_LOADER_H

#include "workload/stream.h"
#include "workload/trace.h"

// Bytes of the window, longer than any line of text or block of the binary format; references that the array grows by
// at least, and those that one step adds at most; most references, and least bytes, that are provided for in advance.
// Small buffers make a fuzzer fast, and it meets their ends (docs/verification.md).
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { WINDOW = 1 << 12, ROOM_MORE = 1 << 4, BATCH_MAX = 1 << 8, EXPECT_MAX = 1 << 11, EXPECT_BYTES = 1 << 12 };
#else
enum { WINDOW = 1 << 20, ROOM_MORE = 1 << 12, BATCH_MAX = 1 << 16, EXPECT_MAX = 1 << 27, EXPECT_BYTES = 2 << 20 };
#endif
enum { SLACK = 32 };

struct loader {
  // In: the bytes window[at .. end) wait to be read; window[0] is byte `offset` of the stream. SLACK zeros follow them.
  struct stream* stream;
  unsigned char* window;
  size_t at, end;
  uint64_t offset;
  bool ended;   // nothing follows window[end)
  bool broken;  // because reading failed (or was interrupted), for the reason in `why`
  struct error why;

  // Out
  struct ref* refs;
  size_t count, room;
  uint64_t skip, limit;  // still to leave out; references wanted in all
  bool whole;            // no window was asked for: every reference is wanted
  uint64_t hash;

  uint64_t records, lines;  // read so far, for messages; lines stays 0 in the binary format
  unsigned long process;    // whose trace it is, if known
  bool unfinished;
  bool interrupted;    // all that could be read was taken, and then reading was interrupted
  uint64_t failed_at;  // the byte of the last message
  const struct trace_options* options;
  struct error* err;
};

// Drops what was read and reads until at least `need` (<= WINDOW) bytes wait, or the stream has ended. If it ended
// because reading failed, what came before is still to be read; then loader_broken reports it.
void loader_fill(struct loader* loader, size_t need);
// The message of a stream that is `broken`, when all before that was read. Returns false, also when it was interrupted.
bool loader_broken(struct loader* loader);

// Says, before the first is put there, that so many references will come: only a wish. Memory in one piece and in large
// pages of the host takes half of the time away.
void loader_expect(struct loader* loader, uint64_t references);

// Room for `count` (at most BATCH_MAX) references behind refs[count]. NULL with a message when memory runs out.
struct ref* loader_room(struct loader* loader, size_t count);
// Takes the first `count` of what was put there. False once no more are wanted.
bool loader_take(struct loader* loader, size_t count);

// "NAME: record N at byte B[ (line L)]: what is wrong"; the record is the one after `records`. Returns false.
bool loader_fail(struct loader* loader, uint64_t byte, const char* format, ...) __attribute__((format(printf, 3, 4)));

// The formats. Each reads from the window to the end of the stream, or until no more is wanted.
bool lackey_load(struct loader* loader);
bool din_load(struct loader* loader);
bool binary_load(struct loader* loader);

// Does the text (or file) that begins with these bytes look like one of that format?
bool lackey_detect(const unsigned char* bytes, const unsigned char* end);
bool din_detect(const unsigned char* bytes, const unsigned char* end);
bool binary_detect(const unsigned char* bytes, const unsigned char* end);

#endif
