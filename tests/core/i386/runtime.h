// SPDX-License-Identifier: MIT
// What a freestanding test program has: output, and the string functions that gcc calls. System calls are Linux's write
// and exit by INT 80, so that the same file runs natively and on the core.
#ifndef PAGEWALK_TESTS_CORE_I386_RUNTIME_H
#define PAGEWALK_TESTS_CORE_I386_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

int main(void);
void print(const char* text);
void print_unsigned(uint64_t value);
void print_hex(uint64_t value);
// "name value", one line, in hex.
void show(const char* name, uint64_t value);

void* memcpy(void* to, const void* from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int byte, size_t bytes);
int memcmp(const void* a, const void* b, size_t bytes);
size_t strlen(const char* text);
int strcmp(const char* a, const char* b);
// For csmith's programs: %s, %d, %u, %x, %X, and l, ll, 0 and a width are understood.
int printf(const char* format, ...);

#endif
