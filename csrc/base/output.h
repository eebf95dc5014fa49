// SPDX-License-Identifier: MIT
// Files that appear whole or not at all: written under another name beside their place, and renamed at the end.
#ifndef PAGEWALK_BASE_OUTPUT_H
#define PAGEWALK_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct output {
  char* name;     // what the user calls it
  char* path;     // where the file will be: links followed
  char* partial;  // where it is until then; NULL: written in place, because `path` is a device or a pipe
  FILE* file;     // NULL if reserved for another writer
};

// Would output_open work? Leaves nothing behind. For a message before long work rather than after it.
bool output_check(const char* path, struct error* err);

// Errors name the path and the reason.
bool output_open(struct output* output, const char* path, struct error* err);

// For a writer that opens its file itself: makes sure of a place for it at output->partial. Only for regular files.
bool output_reserve(struct output* output, const char* path, struct error* err);

// A message of the writer to output->partial: puts the user's name in its place. Returns false.
bool output_blame(const struct output* output, struct error* err);

// Makes the file appear. On an error (a full disk) nothing appears. Either way `output` is done with.
bool output_commit(struct output* output, struct error* err);

// Leaves nothing behind. Harmless on a zeroed or finished struct.
void output_abandon(struct output* output);

#endif
