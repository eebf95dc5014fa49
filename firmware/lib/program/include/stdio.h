// SPDX-License-Identifier: MIT
// Output. Nothing is kept back: each call writes what it has.
#ifndef _STDIO_H
#define _STDIO_H

#include <stdarg.h>
#include <stddef.h>

enum { EOF = -1 };

typedef struct stream FILE;
extern FILE *const stdout, *const stderr;

// Understood: %d %i %u %x %X %o %c %s %p %%; the sizes hh h l ll z; the flags - and 0; a width; a precision of %s.
// Width and precision may be *. There is no floating point.
int printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE* stream, const char* format, ...) __attribute__((format(printf, 2, 3)));
int sprintf(char* to, const char* format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char* to, size_t room, const char* format, ...) __attribute__((format(printf, 3, 4)));
int vprintf(const char* format, va_list arguments);
int vfprintf(FILE* stream, const char* format, va_list arguments);
int vsnprintf(char* to, size_t room, const char* format, va_list arguments);
int puts(const char* text);
int fputs(const char* text, FILE* stream);
int putchar(int c);
void perror(const char* what);
static inline int fflush(FILE* stream) {
  (void)stream;
  return 0;
}

#endif
