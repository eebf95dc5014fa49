// SPDX-License-Identifier: MIT
#include "rtl_engine/bugs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATALOGUE "rtl/bugs/catalogue.txt"

static void take_field(const char** at, char* field, size_t room) {
  *at += strspn(*at, " |");
  size_t n = strcspn(*at, "|\n"), kept = n;
  while (kept > 0 && (*at)[kept - 1] == ' ') kept--;
  snprintf(field, room, "%.*s", (int)kept, *at);
  *at += n;
}

size_t bugs_load(struct bug bugs[BUGS_MAX], struct error* err) {
  FILE* file = fopen(PAGEWALK_ROOT "/" CATALOGUE, "r");
  if (!file) {
    error_set(err, "%s: %s", CATALOGUE, strerror(errno));
    return 0;
  }
  size_t count = 0;
  for (char line[512]; count < BUGS_MAX && fgets(line, sizeof line, file);) {
    struct bug bug = {.number = atoi(line)};
    if (bug.number <= 0) continue;
    const char* at = line + strcspn(line, "|");
    take_field(&at, bug.what, sizeof bug.what);
    take_field(&at, bug.seen, sizeof bug.seen);
    bugs[count++] = bug;
  }
  fclose(file);
  if (!count) error_set(err, "%s: lists no bugs", CATALOGUE);
  return count;
}

// Seeds that lie side by side pick bugs that don't (the finalizer of splitmix64).
static uint64_t spread(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

int bug_meant(const char* text, struct error* err) {
  bool seed = text[0] == '?';
  char* end;
  errno = 0;
  uint64_t value = strtoull(text + seed, &end, 10);
  if (errno || text[seed] < '0' || text[seed] > '9' || *end) {
    error_set(err, "BUG=%s: give a number of %s, or ? and a seed, as in BUG=?7", text, CATALOGUE);
    return -1;
  }
  if (!seed && value == 0) return 0;
  struct bug bugs[BUGS_MAX];
  size_t count = bugs_load(bugs, err);
  if (!count) return -1;
  if (seed) return bugs[spread(value) % count].number;
  for (size_t i = 0; i < count; i++) {
    if ((uint64_t)bugs[i].number == value) return bugs[i].number;
  }
  error_set(err, "BUG=%s: %s has no bug of that number", text, CATALOGUE);
  return -1;
}

int bug_chosen(struct error* err) {
  const char* text = getenv("PAGEWALK_BUG");
  if (!text) return 0;
  int number = bug_meant(text, err);
  char decimal[16];
  snprintf(decimal, sizeof decimal, "%d", number);
  if (number >= 0) setenv("PAGEWALK_BUG_NUMBER", decimal, 1);
  return number;
}
