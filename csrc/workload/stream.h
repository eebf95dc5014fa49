// SPDX-License-Identifier: MIT
// A file or standard input as a stream of bytes, decompressed (xz, gzip, zstd, bzip2) if need be.
#ifndef PAGEWALK_WORKLOAD_STREAM_H
#define PAGEWALK_WORKLOAD_STREAM_H

#include <stddef.h>

#include "base/error.h"

struct stream;

// `path`: a file, or "-" for standard input. `interrupt` (or NULL) ends reading with an error once it is set. NULL with
// a message that names the path.
struct stream* stream_open(const char* path, const volatile int* interrupt, struct error* err);
void stream_close(struct stream* stream);

// How messages call it: the path, or "standard input".
const char* stream_name(const struct stream* stream);

// Reads up to `room` > 0 bytes; returns how many, 0 only at an end that is clean: nothing was cut off, damaged as far
// as the compression can tell, or left over behind the compressed data. -1 with a message, without the name, else.
long stream_read(struct stream* stream, void* to, size_t room, struct error* err);

// Once something was read: is it compressed?
bool stream_compressed(const struct stream* stream);

// Was it the interrupt that made reading fail?
bool stream_interrupted(const struct stream* stream);

#endif
