// SPDX-License-Identifier: MIT
// hash [COUNT]: a hash table with chains: COUNT keys go in, every second one comes out again, all are looked up. Chains
// lead from page to page without order, which TLBs like least (ledger B10). Checked by what must and must not be found.
#include <stdio.h>
#include <stdlib.h>

struct entry {
  struct entry* next;
  unsigned key, value;
};
struct table {
  struct entry** heads;
  unsigned mask, count;
};

static unsigned key_of(unsigned number) { return number * 2654435761u; }
static unsigned value_of(unsigned number) { return ~number; }

static void* need(void* memory) {
  if (memory) return memory;
  fprintf(stderr, "hash: no memory; try a smaller COUNT\n");
  exit(1);
}

// The link that leads to the key's entry, or to the end of its chain.
static struct entry** find(const struct table* table, unsigned key) {
  struct entry** link = &table->heads[(key ^ key >> 15) & table->mask];
  while (*link && (*link)->key != key) link = &(*link)->next;
  return link;
}

static void insert(struct table* table, unsigned key, unsigned value) {
  struct entry** link = find(table, key);
  if (!*link) {
    struct entry* entry = need(malloc(sizeof *entry));
    *entry = (struct entry){NULL, key, value};
    *link = entry;
    table->count++;
  }
  (*link)->value = value;
}

static void delete (struct table* table, unsigned key) {
  struct entry **link = find(table, key), *entry = *link;
  if (!entry) return;
  *link = entry->next;
  free(entry);
  table->count--;
}

int main(int argc, char** argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1500;
  if (count < 1) {
    fprintf(stderr, "hash: COUNT must be at least 1\n");
    return 1;
  }
  struct table table = {.mask = 63};
  while (table.mask < (unsigned)count / 2) table.mask = 2 * table.mask + 1;
  table.heads = need(calloc(table.mask + 1, sizeof *table.heads));
  for (int i = 0; i < count; i++) insert(&table, key_of((unsigned)i), value_of((unsigned)i));
  for (int i = 0; i < count; i += 2) delete (&table, key_of((unsigned)i));
  int found = 0;
  for (int i = 0; i < count; i++) {
    struct entry* entry = *find(&table, key_of((unsigned)i));
    if ((entry != NULL) != (i % 2 == 1) || (entry && entry->value != value_of((unsigned)i))) {
      fprintf(stderr, "hash: the answer for key %d is wrong\n", i);
      return 1;
    }
    found += entry != NULL;
  }
  if (table.count != (unsigned)found) {
    fprintf(stderr, "hash: it counts %u keys, but has %d\n", table.count, found);
    return 1;
  }
  printf("%d keys in, %d found in %u chains\n", count, found, table.mask + 1);
  return 0;
}
