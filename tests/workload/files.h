// SPDX-License-Identifier: MIT
// Files for tests of the trace readers: a folder of their own, written whole, compressed, cut and damaged.
#ifndef PAGEWALK_TESTS_WORKLOAD_FILES_H
#define PAGEWALK_TESTS_WORKLOAD_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "workload/trace.h"

// cmocka's group set-up and tear-down: a new folder under /tmp that becomes the working directory; removed again.
int files_begin(void** state);
int files_end(void** state);

// As TEST_MAIN (check.h), in such a folder.
#define FILES_TEST_MAIN(tests) TEST_MAIN_BETWEEN(tests, files_begin, files_end)

void file_write(const char* name, const void* data, size_t bytes);
void file_text(const char* name, const char* text);
// The whole file; the caller frees it.
unsigned char* file_read(const char* name, size_t* bytes);
bool file_exists(const char* name);
// Runs a shell command in the folder; it must succeed.
void shell(const char* command);

// Loads with the given format and checks success (with the message shown) or failure.
struct trace load_ok(const char* path, enum trace_format format);
// The message must contain each of the words, given up to a NULL.
void load_fails(const char* path, enum trace_format format, ...);

void assert_same_refs(const struct trace* a, const struct trace* b);

#endif
