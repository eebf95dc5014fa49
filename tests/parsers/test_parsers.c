// SPDX-License-Identifier: MIT
// Every parser on its corpus and on some thousand inputs made of it by random changes: what `make fuzz-parsers` does
// with libFuzzer for long, here for seconds, the same each time, and without clang.
#include <dirent.h>
#include <string.h>

#include "check.h"
#include "parsers/parsers.h"

enum { SEEDS_MAX = 512, SEED_BYTES_MAX = 1 << 16, INPUT_MAX = 2048, EXECUTIONS = 3000, CHANGES_MAX = 6 };

struct seed {
  uint8_t* data;
  size_t size;
};
struct corpus {
  struct seed seeds[SEEDS_MAX];
  size_t count;
};

// ---- seeds ----------------------------------------------------------------------------------------------------------

static void read_seed(struct corpus* corpus, const char* path) {
  FILE* file = fopen(path, "rb");
  uint8_t* data = malloc(SEED_BYTES_MAX);
  assert_non_null(file);
  assert_non_null(data);
  assert_true(corpus->count < SEEDS_MAX);
  size_t size = fread(data, 1, SEED_BYTES_MAX, file);
  fclose(file);
  corpus->seeds[corpus->count++] = (struct seed){data, size};
}

static int by_name(const struct dirent** a, const struct dirent** b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void read_folder(struct corpus* corpus, const char* folder) {
  char path[512];
  struct dirent** entries;
  int count = scandir(folder, &entries, NULL, by_name);
  assert_true(count > 0);
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    if (entries[i]->d_type == DT_REG) read_seed(corpus, path);
    free(entries[i]);
  }
  free(entries);
}

// ---- changes --------------------------------------------------------------------------------------------------------

struct input {
  uint8_t data[INPUT_MAX];
  size_t size;
  uint64_t chance;  // xorshift64
};

static size_t draw(struct input* input, size_t below) {
  input->chance ^= input->chance << 13;
  input->chance ^= input->chance >> 7;
  input->chance ^= input->chance << 17;
  return below ? (size_t)((input->chance >> 11) % below) : 0;
}

static void remove_bytes(struct input* input, size_t at, size_t count) {
  if (count > input->size - at) count = input->size - at;
  memmove(input->data + at, input->data + at + count, input->size - at - count);
  input->size -= count;
}

static void insert_bytes(struct input* input, size_t at, const uint8_t* bytes, size_t count) {
  uint8_t copy[INPUT_MAX];
  if (count > INPUT_MAX - input->size) count = INPUT_MAX - input->size;
  memcpy(copy, bytes, count);
  memmove(input->data + at + count, input->data + at, input->size - at);
  memcpy(input->data + at, copy, count);
  input->size += count;
}

static void insert_word(struct input* input, size_t at) {
  static const char* const words[] = {"0",
                                      "-1",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "ffffffffffffffff",
                                      "fffffffffffff000",
                                      "4096",
                                      "4097",
                                      "\n",
                                      " ",
                                      "=",
                                      ":",
                                      ",",
                                      ";",
                                      "=>",
                                      "#",
                                      "%n%s",
                                      "\r\n",
                                      "  ",
                                      "\t",
                                      "0x",
                                      "1e9",
                                      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
  const char* word = words[draw(input, sizeof words / sizeof *words)];
  insert_bytes(input, at, (const uint8_t*)word, strlen(word));
}

static void change(struct input* input, const struct corpus* corpus) {
  const struct seed* other = &corpus->seeds[draw(input, corpus->count)];
  size_t at = draw(input, input->size), from = draw(input, other->size), length = 1 + draw(input, 32);
  if (length > other->size - from) length = other->size - from;
  switch (draw(input, 7)) {
    case 0:
      if (input->size) input->data[at] ^= (uint8_t)(1u << draw(input, 8));
      break;
    case 1:
      if (input->size) input->data[at] = (uint8_t)draw(input, 256);
      break;
    case 2:
      remove_bytes(input, at, 1 + draw(input, 16));
      break;
    case 3:
      insert_bytes(input, at, input->data + at, 1 + draw(input, input->size - at < 64 ? input->size - at : 64));
      break;
    case 4:
      insert_bytes(input, at, other->data + from, length);
      break;
    case 5:
      input->size = at;
      break;
    default:
      insert_word(input, at);
  }
}

// A window of a seed, changed here and there.
static void make_input(struct input* input, const struct corpus* corpus) {
  const struct seed* seed = &corpus->seeds[draw(input, corpus->count)];
  input->size = seed->size < INPUT_MAX ? seed->size : INPUT_MAX;
  memcpy(input->data, seed->data, input->size);
  for (size_t changes = 1 + draw(input, CHANGES_MAX); changes; changes--) change(input, corpus);
}

// ---- the parsers ----------------------------------------------------------------------------------------------------

static void fuzz(void (*parser)(const uint8_t* data, size_t size), const char* const* folders) {
  static struct corpus corpus;
  struct input input = {.chance = 1};
  corpus.count = 0;
  for (; *folders; folders++) read_folder(&corpus, *folders);
  for (size_t i = 0; i < corpus.count; i++) parser(corpus.seeds[i].data, corpus.seeds[i].size);
  for (int i = 0; i < EXECUTIONS; i++) {
    make_input(&input, &corpus);
    uint8_t* exact = malloc(input.size ? input.size : 1);  // its end is watched
    memcpy(exact, input.data, input.size);
    parser(exact, input.size);
    free(exact);
  }
  for (size_t i = 0; i < corpus.count; i++) free(corpus.seeds[i].data);
}

#define CORPUS PAGEWALK_ROOT "/tests/parsers/corpus/"
#define MORE_SEEDS_yaml PAGEWALK_ROOT "/configs",
#define MORE_SEEDS_script PAGEWALK_ROOT "/tests/timelines",
#define MORE_SEEDS_lackey
#define MORE_SEEDS_din
#define MORE_SEEDS_binary
#define MORE_SEEDS_compressed
#define MORE_SEEDS_set
#define MORE_SEEDS_generate
#define MORE_SEEDS_cases
#define MORE_SEEDS_elf

#define CASE(name)                                                               \
  static void parser_##name(void** state) {                                      \
    static const char* const folders[] = {CORPUS #name, MORE_SEEDS_##name NULL}; \
    (void)state;                                                                 \
    fuzz(fuzz_##name, folders);                                                  \
  }
PARSERS(CASE)

#define ENTRY(name) cmocka_unit_test(parser_##name),
static const struct CMUnitTest tests[] = {PARSERS(ENTRY)};
TEST_MAIN(tests)
