// SPDX-License-Identifier: MIT
// store [RECORDS [OPERATIONS]]: a small database: records in slots, and an index of their keys in two levels (leaves
// that split when full, and a directory of leaves). Random inserts, changes, lookups and deletes over RECORDS keys,
// each answer compared with a plain array's (ledger D9).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF_KEYS = 32, NO_SLOT = -1 };

struct record {
  int key, version;
  char text[24];
};
struct leaf {
  int count;
  int key[LEAF_KEYS], slot[LEAF_KEYS];
};
struct store {
  struct record* records;
  int* free_slots;
  int free_count;
  struct leaf** leaves;  // by their first keys; there is always one
  int leaf_count;
};

static void* need(void* memory) {
  if (memory) return memory;
  fprintf(stderr, "store: no memory; try fewer RECORDS\n");
  exit(1);
}

static void store_open(struct store* store, int records) {
  store->records = need(calloc((size_t)records, sizeof *store->records));
  store->free_slots = need(malloc((size_t)records * sizeof *store->free_slots));
  store->free_count = records;
  for (int i = 0; i < records; i++) store->free_slots[i] = records - 1 - i;
  store->leaves = need(malloc((size_t)(records / (LEAF_KEYS / 2) + 2) * sizeof *store->leaves));
  store->leaves[0] = need(calloc(1, sizeof **store->leaves));
  store->leaf_count = 1;
}

// The last leaf whose first key is not larger, or the first leaf.
static int find_leaf(const struct store* store, int key) {
  int low = 0, high = store->leaf_count;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (store->leaves[middle]->key[0] <= key)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// Where the key is, or would have to be.
static int find_key(const struct leaf* leaf, int key) {
  int low = 0, high = leaf->count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (leaf->key[middle] < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static struct record* store_find(const struct store* store, int key) {
  const struct leaf* leaf = store->leaves[find_leaf(store, key)];
  int at = find_key(leaf, key);
  return at < leaf->count && leaf->key[at] == key ? &store->records[leaf->slot[at]] : NULL;
}

// Makes room for `more` elements at `at`, or takes -more away.
static void shift(int* numbers, int count, int at, int more) {
  int from = more < 0 ? at - more : at;
  memmove(numbers + from + more, numbers + from, (size_t)(count - from) * sizeof *numbers);
}

static void split(struct store* store, int index) {
  struct leaf *left = store->leaves[index], *right = need(calloc(1, sizeof *right));
  right->count = left->count /= 2;
  memcpy(right->key, left->key + left->count, sizeof(int) * LEAF_KEYS / 2);
  memcpy(right->slot, left->slot + left->count, sizeof(int) * LEAF_KEYS / 2);
  struct leaf** place = store->leaves + index + 1;
  memmove(place + 1, place, (size_t)(store->leaf_count - index - 1) * sizeof *place);
  *place = right;
  store->leaf_count++;
}

static struct record* store_insert(struct store* store, int key) {
  int index = find_leaf(store, key), slot = store->free_slots[--store->free_count];
  if (store->leaves[index]->count == LEAF_KEYS) {
    split(store, index);
    index = find_leaf(store, key);
  }
  struct leaf* leaf = store->leaves[index];
  int at = find_key(leaf, key);
  shift(leaf->key, leaf->count, at, 1);
  shift(leaf->slot, leaf->count, at, 1);
  leaf->key[at] = key;
  leaf->slot[at] = slot;
  leaf->count++;
  store->records[slot].key = key;
  return &store->records[slot];
}

static void store_delete(struct store* store, int key) {
  int index = find_leaf(store, key);
  struct leaf* leaf = store->leaves[index];
  int at = find_key(leaf, key);
  store->free_slots[store->free_count++] = leaf->slot[at];
  shift(leaf->key, leaf->count, at, -1);
  shift(leaf->slot, leaf->count, at, -1);
  leaf->count--;
  if (leaf->count > 0 || store->leaf_count == 1) return;
  struct leaf** place = store->leaves + index;
  memmove(place, place + 1, (size_t)(store->leaf_count - index - 1) * sizeof *place);
  store->leaf_count--;
  free(leaf);
}

static void fill(struct record* record, int version) {
  record->version = version;
  snprintf(record->text, sizeof record->text, "record %d, %d", record->key, version);
}

static void check(const struct record* record, int key, int version) {
  char text[sizeof record->text];
  snprintf(text, sizeof text, "record %d, %d", key, version);
  if ((record != NULL) != (version > 0) ||
      (record && (record->key != key || record->version != version || strcmp(record->text, text) != 0))) {
    fprintf(stderr, "store: the answer for key %d is wrong\n", key);
    exit(1);
  }
}

int main(int argc, char** argv) {
  int records = argc > 1 ? atoi(argv[1]) : 500, operations = argc > 2 ? atoi(argv[2]) : 1000;
  int changes = 0, inserts = 0, deletes = 0, kept = 0;
  struct store store;
  if (records < 1) {
    fprintf(stderr, "store: RECORDS must be at least 1\n");
    return 1;
  }
  store_open(&store, records);
  int* expected = need(calloc((size_t)records, sizeof *expected));  // versions by key; 0: not there
  for (int now = 1; now <= operations; now++) {
    int key = rand() % records, act = rand() % 4;
    struct record* record = store_find(&store, key);
    check(record, key, expected[key]);
    if (record && act == 0) {
      store_delete(&store, key);
      expected[key] = 0;
      deletes++;
      continue;
    }
    if (act == 1) continue;  // only looked up
    inserts += record == NULL;
    changes += record != NULL;
    fill(record ? record : store_insert(&store, key), expected[key] = now);
  }
  for (int key = 0; key < records; key++) {
    check(store_find(&store, key), key, expected[key]);
    kept += expected[key] > 0;
  }
  printf("%d operations: %d inserts, %d changes, %d deletes; %d records in %d leaves\n", operations, inserts, changes,
         deletes, kept, store.leaf_count);
  if (kept == inserts - deletes && records - store.free_count == kept) return 0;
  fprintf(stderr, "store: records were lost\n");
  return 1;
}
