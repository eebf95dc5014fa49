// SPDX-License-Identifier: MIT
// A waveform's file. An FST file is a row of blocks, each a byte that tells its type and a length of 8 bytes, most
// significant first, that counts itself and what follows. While a block is being written its type is "skip".
#include "cli/wave.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// ---- a disk that fills while the library writes ---------------------------------------------------------------------

#define INCOMPLETE "the waveform could not be written whole; is the disk full?"

// All that a signal handler needs, which has no other way to know.
static struct { char message[512], partial[4096], hierarchy[4096 + 8]; } guarded;

static void on_bus_error(int number) {
  (void)number;
  ssize_t written = write(STDERR_FILENO, guarded.message, strlen(guarded.message));
  (void)written;
  unlink(guarded.partial);
  unlink(guarded.hierarchy);
  _exit(1);
}

static void guard(const struct output* output) {
  snprintf(guarded.message, sizeof guarded.message, "pagewalk: %.400s: " INCOMPLETE "\n", output->name);
  snprintf(guarded.partial, sizeof guarded.partial, "%s", output->partial);
  snprintf(guarded.hierarchy, sizeof guarded.hierarchy, "%s.hier", guarded.partial);  // the library's, until it closes
  signal(SIGBUS, on_bus_error);
}

bool wave_reserve(struct output* output, const char* path, struct error* err) {
  if (!output_reserve(output, path, err)) return false;
  guard(output);
  return true;
}

void wave_abandon(struct output* output) {
  signal(SIGBUS, SIG_DFL);
  output_abandon(output);
}

// ---- is it whole? ---------------------------------------------------------------------------------------------------

enum { FST_HEADER = 0, FST_GEOMETRY = 3, FST_HIERARCHY = 4, FST_HIERARCHY_LZ4 = 6, FST_HIERARCHY_LZ4DUO = 7 };
enum { FST_SKIP = 255 };

// Reads type and length of the block at the file's position. False at the end of the file.
static bool read_block(FILE* file, int* type, uint64_t* length) {
  unsigned char bytes[8];
  *type = fgetc(file);
  if (*type == EOF || fread(bytes, 1, sizeof bytes, file) != sizeof bytes) return false;
  *length = 0;
  for (size_t i = 0; i < sizeof bytes; i++) *length = *length << 8 | bytes[i];
  return true;
}

static bool is_whole(FILE* file) {
  bool header = false, geometry = false, hierarchy = false;
  if (fseeko(file, 0, SEEK_END) != 0) return false;
  uint64_t size = (uint64_t)ftello(file), at = 0;
  while (at < size) {
    int type;
    uint64_t length;
    if (fseeko(file, (off_t)at, SEEK_SET) != 0 || !read_block(file, &type, &length)) return false;
    if (type == FST_SKIP || length < 8 || length > size - at - 1) return false;
    header |= type == FST_HEADER;
    geometry |= type == FST_GEOMETRY;
    hierarchy |= type == FST_HIERARCHY || type == FST_HIERARCHY_LZ4 || type == FST_HIERARCHY_LZ4DUO;
    at += 1 + length;
  }
  return header && geometry && hierarchy;
}

bool wave_commit(struct output* output, struct error* err) {
  FILE* file = fopen(output->partial, "rb");
  bool whole = file && is_whole(file);
  if (file) fclose(file);
  signal(SIGBUS, SIG_DFL);
  if (whole) return output_commit(output, err);
  error_set(err, "%s: " INCOMPLETE, output->name);
  output_abandon(output);
  return false;
}
