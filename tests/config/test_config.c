// SPDX-License-Identifier: MIT
// Machines: the table of keys, YAML files, single assignments, ranges, and the messages for what is wrong.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "config/config.h"
#include "config/folder.h"
#include "config/keys.h"

// ---- helpers --------------------------------------------------------------------------------------------------------

static char path[64];

static int make_file(void** state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/pagewalk-config-XXXXXX.yaml");
  int fd = mkstemps(path, 5);
  if (fd >= 0) close(fd);
  return fd < 0;
}

static int remove_file(void** state) {
  (void)state;
  return unlink(path);
}

static bool load_text(const char* text, struct config* config, struct error* err) {
  FILE* file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  err->text[0] = '\0';
  return config_load(config, path, err);
}

// The file is refused, and the message has the file, the line and all of `parts` (which end with NULL).
static void refused(const char* text, int line, const char* const* parts) {
  struct config config, before;
  struct error err;
  config_default(&config);
  before = config;
  assert_false(load_text(text, &config, &err));
  assert_memory_equal(&config, &before, sizeof config);
  char place[96];
  snprintf(place, sizeof place, "%s:%d: ", path, line);
  if (strncmp(err.text, place, strlen(place)) != 0) fail_msg("'%s' does not begin with '%s'", err.text, place);
  for (; *parts; parts++)
    if (!strstr(err.text, *parts)) fail_msg("'%s' does not say '%s'", err.text, *parts);
  assert_null(strchr(err.text, '\n'));
}
#define REFUSED(text, line, ...) refused(text, line, (const char* const[]){__VA_ARGS__, NULL})

static void invalid(const char* const* assignments, const char* key) {
  struct config config;
  struct error err = {""};
  config_default(&config);
  for (; *assignments; assignments++)
    if (!config_set(&config, *assignments, &err)) break;
  if (!*assignments) assert_false(config_validate(&config, &err));
  if (!strstr(err.text, key)) fail_msg("'%s' does not say '%s'", err.text, key);
}
#define INVALID(key, ...) invalid((const char* const[]){__VA_ARGS__, NULL}, key)

// ---- the table ------------------------------------------------------------------------------------------------------

// A field without a key could neither be set nor seen: the keys' sizes and the name fill the struct but for padding.
static void every_field_has_a_key(void** state) {
  (void)state;
  size_t total = sizeof((struct config*)NULL)->name;
  for (size_t i = 0; i < config_key_count; i++) total += config_keys[i].size;
  assert_in_range(sizeof(struct config) - total, 0, 8);
  for (size_t i = 0; i < config_key_count; i++)
    for (size_t j = 0; j < i; j++) assert_int_not_equal(config_keys[i].offset, config_keys[j].offset);
}

static void the_default_machine_is_that_of_the_contract(void** state) {
  (void)state;
  struct config config;
  struct error err;
  config_default(&config);
  assert_true(config_validate(&config, &err));
  assert_int_equal(config.dtlb.sets, 16);
  assert_int_equal(config.dtlb.ways, 4);
  assert_int_equal(config.itlb.large_sets, 1);
  assert_int_equal(config.itlb.large_ways, 8);
  assert_int_equal(config.walk.start, 1);
  assert_int_equal(config.walk.step, 1);
  assert_int_equal(config.walk.cas, 4);
  assert_int_equal(config.dram.latency, 200);
  assert_int_equal(config.core.trap, 100);
  assert_int_equal(config.core.iret, 50);
  assert_int_equal(config.kernel.work, 500);
  assert_int_equal(config.op.cr, 30);
  assert_int_equal(config.op.invlpg, 100);
}

static void the_default_file_is_the_default_machine_and_has_every_key(void** state) {
  (void)state;
  struct config built_in, loaded;
  struct error err;
  config_default(&built_in);
  assert_true(config_load(&loaded, "default", &err));
  assert_string_equal(loaded.name, "default");
  for (size_t i = 0; i < config_key_count; i++)
    assert_int_equal(config_key_get(&config_keys[i], &built_in), config_key_get(&config_keys[i], &loaded));
  FILE* file = fopen(PAGEWALK_ROOT "/configs/default.yaml", "r");
  assert_non_null(file);
  static char text[65536];
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  for (size_t i = 0; i < config_key_count; i++) {
    char word[64];
    const char* dot = strrchr(config_keys[i].name, '.');
    snprintf(word, sizeof word, "%s: ", dot ? dot + 1 : config_keys[i].name);
    assert_non_null(strstr(text, word));
  }
}

static void all_machines_in_the_folder_are_sound(void** state) {
  (void)state;
  char** names = config_names();
  assert_non_null(names);
  size_t count = 0;
  for (; names[count]; count++) {
    struct config config;
    struct error err = {""};
    if (!config_load(&config, names[count], &err) || !config_validate(&config, &err))
      fail_msg("%s: %s", names[count], err.text);
    assert_string_equal(config.name, names[count]);
  }
  assert_true(count >= 2);
  config_names_free(names);
}

static void the_teaching_machine_is_tiny(void** state) {
  (void)state;
  struct config config;
  struct error err;
  assert_true(config_load(&config, "teaching", &err));
  assert_int_equal(config.itlb.sets * config.itlb.ways, 4);
  assert_int_equal(config.dtlb.sets * config.dtlb.ways, 4);
  assert_int_equal(config_frames(&config), 16);
}

// ---- assignments ----------------------------------------------------------------------------------------------------

static void every_key_can_be_set_and_is_seen(void** state) {
  (void)state;
  struct error err;
  struct config standard;
  config_default(&standard);
  for (size_t i = 0; i < config_key_count; i++) {
    const struct config_key* key = &config_keys[i];
    struct config config = standard;
    char assignment[96], text[CONFIG_VALUE_MAX];
    uint64_t other = config_key_get(key, &standard) == key->max ? key->min : key->max;
    snprintf(assignment, sizeof assignment, "%s=%s", key->name, config_key_text(key, other, text));
    if (!config_set(&config, assignment, &err)) fail_msg("%s: %s", assignment, err.text);
    assert_int_equal(config_key_get(key, &config), other);
    assert_true(config_hash(&config) != config_hash(&standard));
    for (size_t j = 0; j < config_key_count; j++)
      if (j != i)
        assert_int_equal(config_key_get(&config_keys[j], &config), config_key_get(&config_keys[j], &standard));
  }
}

static void struct_fields_are_where_the_keys_say(void** state) {
  (void)state;
  struct config c;
  struct error err;
  config_default(&c);
  static const char* const assignments[] = {
      "mode=pae",     "maxphyaddr=36",  "clock.mhz=1",       "itlb.sets=2",       "dtlb.ways=5",
      "walk.cas=6",   "dtlb.latency=3", "itlb.large.sets=0", "dtlb.large.ways=7", "dtlb.replacement=plru",
      "core.iret=8",  "op.invlpg=9",    "ram.mib=10",        "ram.frames=11",     "disk.latency_us=0xc",
      "kernel.work=0"};
  for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++)
    assert_true(config_set(&c, assignments[i], &err));
  assert_int_equal(c.mode, MODE_PAE);
  assert_int_equal(c.maxphyaddr, 36);
  assert_int_equal(c.clock_mhz, 1);
  assert_int_equal(c.itlb.sets, 2);
  assert_int_equal(c.dtlb.ways, 5);
  assert_int_equal(c.walk.cas, 6);
  assert_int_equal(c.dtlb.latency, 3);
  assert_int_equal(c.itlb.large_sets, 0);
  assert_int_equal(c.dtlb.large_ways, 7);
  assert_int_equal(c.dtlb.replacement, REPLACE_PLRU);
  assert_int_equal(c.itlb.replacement, REPLACE_LRU);
  assert_int_equal(c.core.iret, 8);
  assert_int_equal(c.op.invlpg, 9);
  assert_int_equal(c.ram.mib, 10);
  assert_int_equal(c.ram.frames, 11);
  assert_int_equal(c.disk.latency_us, 12);
  assert_int_equal(c.kernel.work, 0);
  assert_int_equal(config_frames(&c), 11);
  c.ram.frames = 0;
  assert_int_equal(config_frames(&c), 2560);
}

static void a_refused_assignment_changes_nothing(void** state) {
  (void)state;
  static const char* const bad[] = {"dtlb.ways",
                                    "=4",
                                    "",
                                    "dtlb.ways=",
                                    "dtlb.ways=-1",
                                    "dtlb.ways=4x",
                                    "dtlb.way=4",
                                    "dtlb=4",
                                    "dtlb.ways= 4",
                                    "dtlb.ways=99999999999999999999",
                                    "mode=16-bit",
                                    "stlb.sets=3",
                                    "mode=6-level",
                                    "dtlb.replacement=mru"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct config config, before;
    struct error err = {""};
    config_default(&config);
    before = config;
    assert_false(config_set(&config, bad[i], &err));
    assert_memory_equal(&config, &before, sizeof config);
    assert_true(strlen(err.text) > 0);
  }
}

static void the_message_tells_what_is_meant(const char* assignment, const char* says) {
  struct config config;
  struct error err = {""};
  config_default(&config);
  assert_false(config_set(&config, assignment, &err));
  if (!strstr(err.text, says)) fail_msg("'%s' does not say '%s'", err.text, says);
}

static void mistyped_keys_get_a_suggestion(void** state) {
  (void)state;
  the_message_tells_what_is_meant("dtlb.set=4", "did you mean dtlb.sets?");
  the_message_tells_what_is_meant("dltb.sets=4", "did you mean dtlb.sets?");
  the_message_tells_what_is_meant("mdoe=pae", "did you mean mode?");
  the_message_tells_what_is_meant("mode=pea", "did you mean pae?");
  the_message_tells_what_is_meant("dtlb.replacement=prlu", "did you mean plru?");
  the_message_tells_what_is_meant("dtlb=4", "holds several keys");
  the_message_tells_what_is_meant("qwertyuiop=4", "pagewalk configs --keys");
}

// ---- what must hold -------------------------------------------------------------------------------------------------

static void ranges_hold(void** state) {
  (void)state;
  INVALID("dtlb.sets", "dtlb.sets=3");
  INVALID("dtlb.sets", "dtlb.sets=0");
  INVALID("itlb.ways", "itlb.ways=0");
  INVALID("itlb.ways", "itlb.ways=65");
  INVALID("itlb.large.sets", "itlb.large.sets=6");
  INVALID("itlb.large.ways", "itlb.large.ways=0");
  INVALID("dtlb.latency", "dtlb.latency=0");
  INVALID("dram.latency", "dram.latency=0");
  INVALID("core.trap", "core.trap=0");
  INVALID("op.cr", "op.cr=0");
  INVALID("maxphyaddr", "maxphyaddr=31");
  INVALID("maxphyaddr", "maxphyaddr=53");
  INVALID("ram.mib", "ram.mib=0");
  INVALID("clock.mhz", "clock.mhz=0");
}

// What never went through --set or a file is checked as well.
static void structs_filled_by_hand_are_checked(void** state) {
  (void)state;
  struct config config;
  struct error err;
  config_default(&config);
  config.dtlb.sets = 12;
  assert_false(config_validate(&config, &err));
  assert_non_null(strstr(err.text, "dtlb.sets: 12"));
  config_default(&config);
  config.mode = MODE_COUNT;
  assert_false(config_validate(&config, &err));
  assert_non_null(strstr(err.text, "mode"));
}

static void combinations_hold(void** state) {
  (void)state;
  INVALID("dtlb.ways: 3", "dtlb.replacement=plru", "dtlb.ways=3");
  INVALID("itlb.large.ways: 6", "itlb.replacement=plru", "itlb.large.ways=6");
  INVALID("ram.mib", "maxphyaddr=32", "ram.mib=4097");
  INVALID("ram.frames", "maxphyaddr=32", "ram.frames=1048577");
  struct config config;
  struct error err;
  config_default(&config);
  assert_true(config_set(&config, "dtlb.ways=3", &err));
  assert_true(config_validate(&config, &err));  // true LRU takes any number
  assert_true(config_set(&config, "maxphyaddr=32", &err));
  assert_true(config_set(&config, "ram.mib=4096", &err));
  assert_true(config_validate(&config, &err));
  // A mixed array has no large ways to speak of.
  assert_true(config_set(&config, "dtlb.ways=4", &err) && config_set(&config, "dtlb.large.sets=0", &err));
  assert_true(config_set(&config, "dtlb.large.ways=3", &err) && config_set(&config, "dtlb.replacement=plru", &err));
  assert_true(config_validate(&config, &err));
}

// ---- files ----------------------------------------------------------------------------------------------------------

static void a_file_changes_what_it_names(void** state) {
  (void)state;
  struct config config, standard;
  struct error err;
  config_default(&standard);
  bool ok = load_text("mode: pae\ndtlb: {sets: 4, large: {ways: 2}}\nram:\n  frames: 0x20\n", &config, &err);
  if (!ok) fail_msg("%s", err.text);
  assert_int_equal(config.mode, MODE_PAE);
  assert_int_equal(config.dtlb.sets, 4);
  assert_int_equal(config.dtlb.large_ways, 2);
  assert_int_equal(config.ram.frames, 32);
  assert_int_equal(config.dtlb.ways, standard.dtlb.ways);
  assert_int_equal(config.itlb.sets, standard.itlb.sets);
  assert_memory_equal(config.name, "pagewalk-config-", 16);  // the file's name, without folder and ending
  assert_null(strchr(config.name, '.'));
}

static void empty_files_are_the_default_machine(void** state) {
  (void)state;
  static const char* const empty[] = {"", "\n", "# only a comment\n", "---\n", "{}\n"};
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    struct config config, standard;
    struct error err;
    config_default(&standard);
    if (!load_text(empty[i], &config, &err)) fail_msg("%zu: %s", i, err.text);
    assert_true(config_hash(&config) == config_hash(&standard));
  }
}

static void mistakes_are_told_with_file_line_and_key(void** state) {
  (void)state;
  REFUSED("mode: pae\n\ndtlb:\n  sets: 4\n  wayz: 8\n", 5, "dtlb.wayz", "did you mean dtlb.ways?");
  REFUSED("# x\ndltb:\n  sets: 4\n", 2, "dltb", "did you mean dtlb?");
  REFUSED("prefetch: next\n", 1, "prefetch", "none, next-page or adjacent");
  REFUSED("dtlb:\n  sets: 4\n  ways: many\n", 3, "dtlb.ways", "'many' is not a number");
  REFUSED("dtlb:\n  ways: 4\n  sets: 12\n", 3, "dtlb.sets", "power of two");
  REFUSED("mode: 32bit\n", 1, "mode", "did you mean 32-bit?");
  REFUSED("dtlb: 4\n", 1, "dtlb", "holds several keys");
  REFUSED("ram:\n", 1, "ram", "holds several keys");
  REFUSED("mode:\n  sets: 4\n", 1, "mode", "one plain value");
  REFUSED("dtlb:\n  sets: [4, 5]\n", 2, "dtlb.sets", "one plain value");
  REFUSED("dtlb.sets: 4\n", 1, "dtlb.sets", "below 'dtlb:'");
  REFUSED("dtlb.large:\n  sets: 4\n", 1, "dtlb.large", "below 'dtlb:'");
  REFUSED("- mode\n", 1, "key: value");
  REFUSED("just words\n", 1, "key: value");
  REFUSED("mode: pae\n---\nmode: pae\n", 2, "second document");
  REFUSED("? [a, b]\n: 4\n", 1, "plain word");
  REFUSED("mode: &m pae\nitlb:\n  replacement: *m\n", 3, "itlb.replacement", "one plain value");
}

static void keys_that_stand_twice_are_told_with_both_lines(void** state) {
  (void)state;
  REFUSED("mode: pae\nmode: none\n", 2, "mode", "twice", "line 1");
  REFUSED("dtlb:\n  sets: 4\n  sets: 8\n", 3, "dtlb.sets", "twice", "line 2");
  REFUSED("dtlb:\n  sets: 4\nmode: pae\ndtlb:\n  sets: 8\n", 4, "dtlb: ", "twice", "line 1");
  REFUSED("dtlb:\n  sets: 4\ndtlb:\n  ways: 8\n", 3, "dtlb: ", "twice", "line 1");
  REFUSED("dtlb: {}\ndtlb: {}\n", 2, "dtlb: ", "twice", "line 1");
  REFUSED("dtlb:\n  large:\n    sets: 1\n  sets: 4\n  large:\n    ways: 8\n", 5, "dtlb.large", "twice", "line 2");
}

static void what_is_no_yaml_is_told_with_its_line(void** state) {
  (void)state;
  REFUSED("mode: pae\ndtlb: {sets: 4\n", 3, "not YAML");
  REFUSED("mode: pae\n\tdtlb: 4\n", 2, "not YAML");
  REFUSED("mode: 'pae\n", 2, "not YAML");
}

static void values_of_several_lines_are_told(void** state) {
  (void)state;
  REFUSED("mode: |\n  pae\n", 1, "mode: ", "more than one line");
  REFUSED("dtlb:\n  sets: |\n    4\n    5\n", 2, "dtlb.sets: ", "more than one line");
  REFUSED("? |\n  mode\n  x\n: pae\n", 1, "plain word");
}

static void bytes_that_are_no_text_are_told(void** state) {
  (void)state;
  struct config config;
  struct error err;
  assert_false(load_text("\x01\x02\xff\xfe", &config, &err));
  assert_non_null(strstr(err.text, path));
  assert_non_null(strstr(err.text, "not a YAML text"));
}

static void missing_files_are_told(void** state) {
  (void)state;
  struct config config;
  struct error err;
  assert_false(config_load(&config, "/nowhere/machine.yaml", &err));
  assert_string_equal(err.text, "/nowhere/machine.yaml: No such file or directory");
  assert_false(config_load(&config, "teachign", &err));
  assert_non_null(strstr(err.text, "did you mean teaching?"));
  assert_false(config_load(&config, "zzzz", &err));
  assert_non_null(strstr(err.text, "pagewalk configs"));
  assert_false(config_load(&config, "/tmp", &err));
  assert_non_null(strstr(err.text, "/tmp: "));
}

static void huge_files_are_refused(void** state) {
  (void)state;
  FILE* file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 1 << 17; i++) fputs("# 345678\n", file);
  fclose(file);
  struct config config;
  struct error err;
  assert_false(config_load(&config, path, &err));
  assert_non_null(strstr(err.text, "larger"));
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_file, remove_file)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_field_has_a_key),
    cmocka_unit_test(the_default_machine_is_that_of_the_contract),
    cmocka_unit_test(the_default_file_is_the_default_machine_and_has_every_key),
    cmocka_unit_test(all_machines_in_the_folder_are_sound),
    cmocka_unit_test(the_teaching_machine_is_tiny),
    cmocka_unit_test(every_key_can_be_set_and_is_seen),
    cmocka_unit_test(struct_fields_are_where_the_keys_say),
    cmocka_unit_test(a_refused_assignment_changes_nothing),
    cmocka_unit_test(mistyped_keys_get_a_suggestion),
    cmocka_unit_test(ranges_hold),
    cmocka_unit_test(structs_filled_by_hand_are_checked),
    cmocka_unit_test(combinations_hold),
    FILE_TEST(a_file_changes_what_it_names),
    FILE_TEST(empty_files_are_the_default_machine),
    FILE_TEST(mistakes_are_told_with_file_line_and_key),
    FILE_TEST(keys_that_stand_twice_are_told_with_both_lines),
    cmocka_unit_test(what_is_no_yaml_is_told_with_its_line),
    FILE_TEST(values_of_several_lines_are_told),
    FILE_TEST(bytes_that_are_no_text_are_told),
    cmocka_unit_test(missing_files_are_told),
    FILE_TEST(huge_files_are_refused),
};
TEST_MAIN(tests)
