// SPDX-License-Identifier: MIT
// Messages for what a user typed or supplied: what is wrong, where, and what to do about it.
#ifndef PAGEWALK_BASE_ERROR_H
#define PAGEWALK_BASE_ERROR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// One message, without the trailing newline. Empty text means that nothing went wrong.
struct error {
  char text[1024];
};

// Writes the message (printf style; cut at the buffer's size; control characters but newlines become '?') and returns
// false, so that a failing function can end with `return error_set(err, ...)`. `err` may be NULL when the caller wants
// no message.
bool error_set(struct error* err, const char* format, ...) __attribute__((format(printf, 2, 3)));

// Puts "context: " in front of the message that is already there, and returns false.
bool error_prefix(struct error* err, const char* format, ...) __attribute__((format(printf, 2, 3)));

// The candidate nearest to `word` by edit distance, or NULL when none is near enough to be meant.
// `candidates` ends with NULL.
const char* error_suggest(const char* word, const char* const* candidates);

#ifdef __cplusplus
}
#endif
#endif
