// SPDX-License-Identifier: MIT
// What the C library of programs does: the same source with glibc must print the same. (Random numbers are not here:
// they are the library's own.)
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int sign(int value) { return (value > 0) - (value < 0); }

__attribute__((format(printf, 2, 3))) static void show(size_t room, const char* format, ...) {
  char text[64];
  va_list arguments;
  memset(text, '#', sizeof text);
  va_start(arguments, format);
  int length = vsnprintf(text, room, format, arguments);
  va_end(arguments);
  printf("%d [%s] %c\n", length, room ? text : "", text[room]);
  fflush(stdout);
}

static void numbers_are_printed(void) {
  static const int values[] = {0, 1, -1, 7, -42, 123456, INT_MAX, INT_MIN};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    int v = values[i];
    unsigned u = (unsigned)v;
    printf("%d|%i|%u|%x|%X|%o|%5d|%-5d|%05d|%3u|%08x|%*d|%-*d|\n", v, v, u, u, u, u, v, v, v, u, u, 9, v, -9, v);
    printf("%ld %lu %lx %hd %hu %hhd %hhu %zu\n", (long)v, (unsigned long)u, (unsigned long)u, (short)v,
           (unsigned short)u, (signed char)v, (unsigned char)u, (size_t)u);
    printf("%lld %llu %llx %20lld %-20lld| %020lld\n", v * 1000000007ll, u * 1000000007ull, u * 1000000007ull, v * 3ll,
           v * 5ll, v * 6000000000ll);
  }
  printf("%llu %lld %llx %llo\n", ULLONG_MAX, LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
}

static void texts_are_printed(void) {
  const char* volatile none = NULL;
  printf("%s|%10s|%-10s|%.3s|%10.3s|%-10.3s|%.*s|%s\n", "text", "text", "text", "text", "text", "text", 2, "text",
         none);
  printf("%c%c%5c%-5c|%%|%p|%p|%20p|%-20p|\n", 'a', 'b', 'c', 'd', (void*)none, (void*)0x1234, (void*)0xbeef,
         (void*)0xffffffffu);
  for (size_t room = 0; room < 9; room++) show(room, "%d %s", 123, "abc");
  show(40, "%s%s%s", "", "a", "bc");
  char text[32];
  printf("%d %s\n", sprintf(text, "%04x", 0xab), text);
  puts("a line");
  for (int i = 0; i < 300; i++) putchar('a' + i % 26);
  putchar('\n');
  printf("%0300d\n", 5);
}

static void texts_are_read(void) {
  static const char* const texts[] = {"0",          "12",  "-34", " \t+56x",     "0x1f",        "-0X1F",
                                      "077",        "0x",  "08",  "2147483647",  "-2147483648", "2147483648",
                                      "",           "-",   "z9",  "abc",         "0xfgh",       "4294967295",
                                      "4294967296", "- 1", "0b1", "999999999999"};
  static const int bases[] = {10, 0, 16, 8, 36, 2};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
      char *end, *end_unsigned;
      long value = strtol(texts[i], &end, bases[b]);
      unsigned long unsigned_value = strtoul(texts[i], &end_unsigned, bases[b]);
      printf("%ld %d %lu %d\n", value, (int)(end - texts[i]), unsigned_value, (int)(end_unsigned - texts[i]));
    }
  }
  printf("%d %d %d\n", atoi("17 and more"), atoi("-5"), abs(-3));
}

static void strings_are_handled(void) {
  static const char* const words[] = {"", "a", "ab", "abc", "b", "abab", "babab", "\xff"};
  enum { WORDS = sizeof words / sizeof *words };
  for (int i = 0; i < WORDS; i++) {
    for (int j = 0; j < WORDS; j++) {
      const char *found = strstr(words[i], words[j]), *first = strchr(words[i], words[j][0]),
                 *last = strrchr(words[i], words[j][0]);
      printf("%d %d %d %d %d %d\n", sign(strcmp(words[i], words[j])), sign(strncmp(words[i], words[j], 2)),
             sign(memcmp(words[i], words[j], 1)), found ? (int)(found - words[i]) : -1,
             first ? (int)(first - words[i]) : -1, last ? (int)(last - words[i]) : -1);
    }
    printf("%u %u\n", (unsigned)strlen(words[i]), (unsigned)strnlen(words[i], 2));
  }
  char text[40], *copy = strdup("duplicate");
  memset(text, '.', sizeof text);
  strcpy(text, "copied");
  strcat(text, " and appended");
  printf("%s %s %d\n", text, copy, strncpy(text, "xy", 10) == text);
  for (int i = 0; i < 40; i++) printf("%02x", (unsigned char)text[i]);
  free(copy);
  printf(" %d\n", memchr(text, 'n', 40) ? 1 : 0);
}

static void blocks_are_moved(void) {
  unsigned char bytes[64];
  unsigned sum = 0;
  for (int from = 0; from < 24; from++) {
    for (int to = 0; to < 24; to++) {
      for (unsigned length = 0; length < 20; length++) {
        for (int i = 0; i < 64; i++) bytes[i] = (unsigned char)i;
        memmove(bytes + to, bytes + from, length);
        memcpy(bytes + 48, bytes + to, length % 16);
        memset(bytes + from, (int)length, length % 7);
        for (int i = 0; i < 64; i++) sum = sum * 31 + bytes[i];
      }
    }
  }
  printf("moved: %x\n", sum);
}

static void characters_are_known(void) {
  for (int c = 0; c < 128; c++)
    printf("%d%d%d%d%d%d%d%c%c ", !!isdigit(c), !!isupper(c), !!islower(c), !!isalpha(c), !!isalnum(c), !!isspace(c),
           !!isprint(c), isprint(c) ? toupper(c) : '.', isprint(c) ? tolower(c) : '.');
  printf("\n%d %d %d %u %d %d %d %u %ld %ld %lu\n", CHAR_BIT, SCHAR_MIN, CHAR_MAX, UCHAR_MAX, SHRT_MIN, INT_MAX,
         INT_MIN, UINT_MAX, LONG_MAX, LONG_MIN, ULONG_MAX);
}

struct pair {
  unsigned key;
  char name[7];
};

static int by_key(const void* a, const void* b) {
  const struct pair *left = a, *right = b;
  return left->key < right->key ? -1 : left->key > right->key;
}

static void arrays_are_sorted(void) {
  struct pair pairs[101];
  for (size_t count = 0; count <= 101; count += 1 + count / 2) {
    for (size_t i = 0; i < count; i++) {
      pairs[i].key = (unsigned)i * 2654435761u;
      snprintf(pairs[i].name, sizeof pairs[i].name, "p%d", (int)i);
    }
    qsort(pairs, count, sizeof *pairs, by_key);
    for (size_t i = 0; i < count; i++) printf("%s ", pairs[i].name);
    for (unsigned i = 0; i < 110; i += 9) {
      struct pair wanted = {.key = i * 2654435761u};
      struct pair* found = bsearch(&wanted, pairs, count, sizeof *pairs, by_key);
      printf("%s ", found ? found->name : "-");
    }
    printf("\n");
  }
}

// Random requests; each block keeps a pattern of its own, and blocks never overlap.
static void memory_is_given_and_taken(void) {
  enum { BLOCKS = 50, ROUNDS = 3000 };
  unsigned char* block[BLOCKS] = {NULL};
  size_t bytes[BLOCKS] = {0};
  unsigned state = 1;
  for (int round = 0; round < ROUNDS; round++) {
    state = state * 1664525 + 1013904223;
    int i = (int)(state >> 8) % BLOCKS;
    size_t wanted = state >> 20 & 1 ? state >> 24 : (state >> 24) * 20;
    for (size_t at = 0; at < bytes[i]; at++)
      if (block[i][at] != (unsigned char)(i + (int)bytes[i])) printf("block %d was overwritten\n", i);
    if (state >> 21 & 1) {
      free(block[i]);
      block[i] = state >> 22 & 1 ? calloc(wanted, 1) : malloc(wanted);
    } else {
      size_t kept = bytes[i] < wanted ? bytes[i] : wanted;
      block[i] = realloc(block[i], wanted ? wanted : 1);
      for (size_t at = 0; at < kept; at++)
        if (block[i][at] != (unsigned char)(i + (int)bytes[i])) printf("block %d was not kept\n", i);
    }
    if (!block[i] || (uintptr_t)block[i] % 8) printf("block %d is not right\n", i);
    bytes[i] = wanted;
    memset(block[i], i + (int)wanted, wanted);
  }
  unsigned char* zeros = calloc(100, 50);
  for (int i = 0; i < 5000; i++)
    if (zeros[i]) printf("calloc did not clear\n");
  free(zeros);
  free(NULL);
  size_t volatile half = (size_t)1 << 31;
  errno = 0;
  printf("%d", calloc(half, 2) == NULL);
  printf("%d %s\n", malloc(half * 2 - 9) == NULL, strerror(errno));
  for (int i = 0; i < BLOCKS; i++) free(block[i]);
}

int main(int argc, char** argv) {
  numbers_are_printed();
  texts_are_printed();
  texts_are_read();
  strings_are_handled();
  blocks_are_moved();
  characters_are_known();
  arrays_are_sorted();
  memory_is_given_and_taken();
  for (int error = 0; error < 3; error++) printf("%s\n", strerror(error));
  printf("%d %s\n", argc, argv[argc] ? "?" : argv[argc - 1] == argv[0] ? "alone" : argv[argc - 1]);
  fflush(stdout);
  return write(99, "", 1) == -1 && errno == EBADF ? 17 : 1;
}
