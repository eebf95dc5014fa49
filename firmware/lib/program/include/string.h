// SPDX-License-Identifier: MIT
// Bytes and strings.
#ifndef _STRING_H
#define _STRING_H

#include <stddef.h>

void* memcpy(void* to, const void* from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int byte, size_t bytes);
int memcmp(const void* a, const void* b, size_t bytes);
void* memchr(const void* memory, int byte, size_t bytes);

size_t strlen(const char* text);
size_t strnlen(const char* text, size_t limit);
char* strcpy(char* to, const char* from);
char* strncpy(char* to, const char* from, size_t bytes);
char* strcat(char* to, const char* from);
int strcmp(const char* a, const char* b);
int strncmp(const char* a, const char* b, size_t bytes);
char* strchr(const char* text, int c);
char* strrchr(const char* text, int c);
char* strstr(const char* text, const char* part);
char* strdup(const char* text);
const char* strerror(int error);

#endif
