// SPDX-License-Identifier: MIT
// Bytes and strings. Blocks are moved and filled by the processor's string instructions, words at a time.
#include <string.h>

#include <stdint.h>
#include <stdlib.h>

void* memcpy(void* to, const void* from, size_t bytes) {
  void* at = to;
  size_t words = bytes / 4, rest = bytes % 4;
  __asm__ volatile("rep movsl" : "+D"(at), "+S"(from), "+c"(words) : : "memory");
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(rest) : : "memory");
  return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
  if ((uintptr_t)to - (uintptr_t)from >= bytes) return memcpy(to, from, bytes);
  // The destination begins within the source: backwards.
  char* last_to = (char*)to + bytes - 1;
  const char* last_from = (const char*)from + bytes - 1;
  __asm__ volatile("std; rep movsb; cld" : "+D"(last_to), "+S"(last_from), "+c"(bytes) : : "memory", "cc");
  return to;
}

void* memset(void* to, int byte, size_t bytes) {
  void* at = to;
  uint32_t pattern = (uint8_t)byte * 0x01010101u;
  size_t words = bytes / 4, rest = bytes % 4;
  __asm__ volatile("rep stosl" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(rest) : "a"(pattern) : "memory");
  return to;
}

int memcmp(const void* a, const void* b, size_t bytes) {
  const unsigned char *left = a, *right = b;
  for (; bytes > 0; bytes--, left++, right++)
    if (*left != *right) return *left - *right;
  return 0;
}

void* memchr(const void* memory, int byte, size_t bytes) {
  const unsigned char* at = memory;
  for (; bytes > 0; bytes--, at++)
    if (*at == (unsigned char)byte) return (void*)(uintptr_t)at;
  return NULL;
}

size_t strlen(const char* text) {
  const char* end = text;
  while (*end) end++;
  return (size_t)(end - text);
}

size_t strnlen(const char* text, size_t limit) {
  size_t length = 0;
  while (length < limit && text[length]) length++;
  return length;
}

char* strcpy(char* to, const char* from) {
  char* at = to;
  while ((*at++ = *from++)) continue;
  return to;
}

char* strncpy(char* to, const char* from, size_t bytes) {
  size_t length = strnlen(from, bytes);
  memcpy(to, from, length);
  memset(to + length, 0, bytes - length);
  return to;
}

char* strcat(char* to, const char* from) {
  strcpy(to + strlen(to), from);
  return to;
}

int strcmp(const char* a, const char* b) {
  for (; *a && *a == *b; a++) b++;
  return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char* a, const char* b, size_t bytes) {
  for (; bytes > 0 && *a && *a == *b; bytes--, a++) b++;
  return bytes == 0 ? 0 : (unsigned char)*a - (unsigned char)*b;
}

char* strchr(const char* text, int c) {
  for (; *text != (char)c; text++)
    if (!*text) return NULL;
  return (char*)(uintptr_t)text;
}

char* strrchr(const char* text, int c) {
  const char* found = NULL;
  do
    if (*text == (char)c) found = text;
  while (*text++);
  return (char*)(uintptr_t)found;
}

char* strstr(const char* text, const char* part) {
  size_t length = strlen(part);
  for (; strncmp(text, part, length) != 0; text++)
    if (!*text) return NULL;
  return (char*)(uintptr_t)text;
}

char* strdup(const char* text) {
  size_t bytes = strlen(text) + 1;
  char* copy = malloc(bytes);
  return copy ? memcpy(copy, text, bytes) : NULL;
}
