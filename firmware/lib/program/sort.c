// SPDX-License-Identifier: MIT
// Sorting and searching arrays. Heapsort: in place, no recursion, and no order of the elements makes it slow.
#include <stdlib.h>

#include <stdint.h>

struct array {
  char* base;
  size_t bytes;  // of an element
  int (*compare)(const void*, const void*);
};

static char* element(const struct array* array, size_t index) { return array->base + index * array->bytes; }

static void swap(const struct array* array, size_t i, size_t j) {
  char *a = element(array, i), *b = element(array, j);
  for (size_t left = array->bytes; left > 0; left--) {
    char byte = *a;
    *a++ = *b;
    *b++ = byte;
  }
}

// Lets the element at `root` sink until none below it is larger.
static void sink(const struct array* array, size_t root, size_t count) {
  for (size_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && array->compare(element(array, child), element(array, child + 1)) < 0) child++;
    if (array->compare(element(array, root), element(array, child)) >= 0) return;
    swap(array, root, child);
  }
}

void qsort(void* base, size_t count, size_t bytes, int (*compare)(const void*, const void*)) {
  struct array array = {base, bytes, compare};
  for (size_t root = count / 2; root-- > 0;) sink(&array, root, count);
  for (size_t last = count; last-- > 1;) {
    swap(&array, 0, last);
    sink(&array, 0, last);
  }
}

void* bsearch(const void* key, const void* base, size_t count, size_t bytes, int (*compare)(const void*, const void*)) {
  struct array array = {(char*)(uintptr_t)base, bytes, compare};
  for (size_t low = 0, high = count; low < high;) {
    size_t middle = low + (high - low) / 2;
    int order = compare(key, element(&array, middle));
    if (order == 0) return element(&array, middle);
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}
