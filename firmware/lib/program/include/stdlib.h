// SPDX-License-Identifier: MIT
// Memory, numbers, random numbers, sorting.
#ifndef _STDLIB_H
#define _STDLIB_H

#include <stddef.h>

enum { EXIT_SUCCESS, EXIT_FAILURE, RAND_MAX = 0x7fffffff };

void exit(int status) __attribute__((noreturn));
void abort(void) __attribute__((noreturn));  // by SIGABRT

void* malloc(size_t bytes);
void* calloc(size_t count, size_t bytes);
void* realloc(void* memory, size_t bytes);
void free(void* memory);

int abs(int value);
int atoi(const char* text);
long strtol(const char* text, char** end, int base);
unsigned long strtoul(const char* text, char** end, int base);

// The same numbers from the same seed, wherever it runs.
int rand(void);
void srand(unsigned seed);

// In place, without recursion; equal elements may change their order.
void qsort(void* base, size_t count, size_t bytes, int (*compare)(const void*, const void*));
void* bsearch(const void* key, const void* base, size_t count, size_t bytes, int (*compare)(const void*, const void*));

#endif
