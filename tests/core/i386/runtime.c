// SPDX-License-Identifier: MIT
// Start, output and strings of freestanding test programs. The string functions use the string instructions.
#include "runtime.h"

#include <stdarg.h>

enum { SYS_EXIT = 1, SYS_WRITE = 4 };

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

void start(void);
// The stack is aligned to 16 bytes at main's call, as the ABI wants.
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-16, %esp\n  call start\n");

void start(void) {
  int status = main();
  call(SYS_EXIT, status, 0, 0);
}

void print(const char* text) { call(SYS_WRITE, 1, (long)text, (long)strlen(text)); }

static void print_based(uint64_t value, unsigned base) {
  char text[24];
  char* at = text + sizeof text - 1;
  *at = '\0';
  do *--at = "0123456789abcdef"[value % base];
  while (value /= base);
  print(at);
}
void print_unsigned(uint64_t value) { print_based(value, 10); }
void print_hex(uint64_t value) { print_based(value, 16); }

void show(const char* name, uint64_t value) {
  print(name);
  print(" ");
  print_hex(value);
  print("\n");
}

void* memcpy(void* to, const void* from, size_t bytes) {
  void* result = to;
  size_t words = bytes / 4, rest = bytes % 4;
  __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
  return result;
}

void* memmove(void* to, const void* from, size_t bytes) {
  char* last_to = (char*)to + bytes - 1;
  const char* last_from = (const char*)from + bytes - 1;
  if ((uintptr_t)to - (uintptr_t)from >= bytes) return memcpy(to, from, bytes);
  __asm__ volatile("std; rep movsb; cld" : "+D"(last_to), "+S"(last_from), "+c"(bytes) : : "memory");
  return to;
}

void* memset(void* to, int byte, size_t bytes) {
  void* at = to;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(byte) : "memory");
  return to;
}

int memcmp(const void* a, const void* b, size_t bytes) {
  int result = 0;
  if (bytes == 0) return 0;
  __asm__ volatile("repe cmpsb" : "+S"(a), "+D"(b), "+c"(bytes) : : "memory", "cc");
  result = ((const unsigned char*)a)[-1] - ((const unsigned char*)b)[-1];
  return result;
}

size_t strlen(const char* text) {
  const char* at = text;
  size_t count = (size_t)-1;
  __asm__ volatile("repne scasb" : "+D"(at), "+c"(count) : "a"(0) : "memory", "cc");
  return (size_t)(at - text - 1);
}

int strcmp(const char* a, const char* b) {
  for (; *a && *a == *b; a++) b++;
  return (unsigned char)*a - (unsigned char)*b;
}

int printf(const char* format, ...) {
  va_list args;
  va_start(args, format);
  for (; *format; format++) {
    if (*format != '%') {
      char text[2] = {*format, '\0'};
      print(text);
      continue;
    }
    int longs = 0;
    for (format++; *format == 'l' || (*format >= '0' && *format <= '9'); format++) longs += *format == 'l';
    if (*format == 's') {
      print(va_arg(args, const char*));
      continue;
    }
    uint64_t value = longs > 1 ? va_arg(args, uint64_t) : va_arg(args, unsigned);
    print_based(value, *format == 'd' || *format == 'u' ? 10 : 16);
  }
  va_end(args);
  return 0;
}
