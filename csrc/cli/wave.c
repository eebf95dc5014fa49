// SPDX-License-Identifier: MIT
// A waveform's file. An FST file is a row of blocks, each a byte that tells its type and a length of 8 bytes, most
// significant first, that counts itself and what follows. While a block is being written its type is "skip".
#include "cli/wave.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
  if (whole) return output_commit(output, err);
  error_set(err, "%s: the waveform could not be written whole; is the disk full?", output->path);
  output_abandon(output);
  return false;
}
