// SPDX-License-Identifier: MIT
// Readers and writer of traces: every format, compression, windows, and input that is wrong.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "workload/binary.h"
#include "workload/files.h"
#include "workload/hash.h"
#include "workload/trace.h"

static const char lackey_text[] =
    "==7== Lackey, an example Valgrind tool\n"
    "==7== \n"
    "I  0401ab70,3\n"
    " L 1fff000718,8\n"
    " S 1fff000710,16\n"
    " M 04033e06,1\n"
    "==7== Exit code:       0\n";

static void check_ref(const struct ref* ref, uint64_t va, unsigned size, unsigned kind) {
  assert_int_equal(ref->va, va);
  assert_int_equal(ref->size, size);
  assert_int_equal(ref->kind, kind);
  assert_int_equal(ref->flags, REF_USER);
}

static void lackey_records_are_read(void** state) {
  (void)state;
  file_text("t", lackey_text);
  struct trace t = load_ok("t", TRACE_DETECT);
  assert_int_equal(t.format, TRACE_LACKEY);
  assert_int_equal(t.count, 5);
  check_ref(&t.refs[0], 0x0401ab70, 3, ACCESS_FETCH);
  check_ref(&t.refs[1], 0x1fff000718, 8, ACCESS_READ);
  check_ref(&t.refs[2], 0x1fff000710, 16, ACCESS_WRITE);
  check_ref(&t.refs[3], 0x04033e06, 1, ACCESS_READ);
  check_ref(&t.refs[4], 0x04033e06, 1, ACCESS_WRITE);
  assert_false(t.unfinished);
  trace_free(&t);
  assert_null(t.refs);
}

static void valgrinds_own_lines_are_ignored(void** state) {
  (void)state;
  file_text("t",
            "==00:00:00:00.000 12== Lackey, an example Valgrind tool\n--12-- verbose\n**12** printed\n\n"
            "I  1000,4\r\n \n==12==    at 0x109132: main (in /tmp/p)\n L 2000,4\n");
  struct trace t = load_ok("t", TRACE_DETECT);
  assert_int_equal(t.count, 2);
  assert_true(t.unfinished);  // there is no "Exit code"
  trace_free(&t);
  struct error err;
  assert_true(trace_load(&t, "t", &(struct trace_options){.count = 2}, &err));
  assert_false(t.unfinished);  // its end was not asked for
  trace_free(&t);
}

static void two_processes_are_refused(void** state) {
  (void)state;
  file_text("t", "==7== Lackey\nI  1000,4\n==8== \nI  1000,4\n");
  load_fails("t", TRACE_DETECT, "t: record 2 at byte 23 (line 3)", "two processes", "--child-silent-after-fork=yes",
             NULL);
}

static void the_programs_own_output_is_refused_with_a_hint(void** state) {
  (void)state;
  file_text("t", "==7== Lackey\nI  1000,4\nhello\nI  1004,4\n");
  load_fails("t", TRACE_DETECT, "t: record 2 at byte 23 (line 3)", "\"hello\"", "9>&1 1>/dev/null", NULL);
}

static void din_records_are_read(void** state) {
  (void)state;
  file_text("t", "2 400ab\n0 0x1000 a comment\n  1\tFFFFFFFFFFFFFFFF\n\n");
  struct trace t = load_ok("t", TRACE_DETECT);
  assert_int_equal(t.format, TRACE_DIN);
  assert_int_equal(t.count, 3);
  check_ref(&t.refs[0], 0x400ab, 1, ACCESS_FETCH);
  check_ref(&t.refs[1], 0x1000, 1, ACCESS_READ);
  check_ref(&t.refs[2], UINT64_MAX, 1, ACCESS_WRITE);
  trace_free(&t);
}

// ---------------------------------------------------------------------------------------------------------------------
// The binary format

static struct trace generated(const char* spec) {
  struct trace t;
  struct error err;
  if (!trace_generate(&t, spec, 1, NULL, &err)) fail_msg("%s", err.text);
  return t;
}

static void save_ok(const struct trace* t, const char* path) {
  struct error err;
  if (!trace_save(t, path, &err)) fail_msg("%s", err.text);
}

static void round_trip(const struct trace* t) {
  save_ok(t, "round.pwt");
  struct trace back = load_ok("round.pwt", TRACE_DETECT);
  assert_int_equal(back.format, TRACE_BINARY);
  assert_same_refs(t, &back);
  trace_free(&back);
}

static void every_generated_trace_survives_the_binary_format(void** state) {
  (void)state;
  static const char* const specs[] = {
      "cyclic:pages=3,refs=1", "cyclic:pages=65,refs=65536", "stride:pages=1000,refs=65537,stride=264",
      "uniform:pages=100000,refs=200000,write=30", "mix:code=20,pages=50,refs=140000,write=50"};
  for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
    struct trace t = generated(specs[i]);
    round_trip(&t);
    trace_free(&t);
  }
}

static uint64_t step(uint64_t* state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33 | *state << 31;
}

// Addresses and sizes at their limits, in no order that could be predicted, and stretches that repeat.
static void extreme_references_survive_the_binary_format(void** state) {
  (void)state;
  uint64_t seed = 1;
  struct ref* refs = calloc(30000, sizeof *refs);
  for (size_t i = 0; i < 30000; i++) {
    uint16_t size = (uint16_t)(step(&seed) % 4 ? step(&seed) % 20 + 1 : step(&seed) % 4096 + 1);
    uint64_t va = step(&seed) >> step(&seed) % 64;
    if (i % 3 == 0) va = UINT64_MAX - size + 1;
    if (va > UINT64_MAX - size + 1) va = UINT64_MAX - size + 1;
    refs[i] = (struct ref){.va = va, .size = size, .kind = (uint8_t)(step(&seed) % 3), .flags = REF_USER};
    if (i > 20000) refs[i] = refs[i - 50];
  }
  file_text("t", "0 1\n");
  struct trace t = {.refs = refs, .count = 30000};
  save_ok(&t, "round.pwt");
  struct trace back = load_ok("round.pwt", TRACE_DETECT);
  assert_memory_equal(back.refs, refs, 30000 * sizeof *refs);
  trace_free(&back);
  trace_free(&t);
}

static void all_formats_tell_the_same_of_a_real_excerpt(void** state) {
  (void)state;
  struct trace lackey = load_ok(PAGEWALK_ROOT "/tests/traces/excerpt.lackey", TRACE_DETECT);
  struct trace din = load_ok(PAGEWALK_ROOT "/tests/traces/excerpt.din", TRACE_DETECT);
  assert_int_equal(lackey.format, TRACE_LACKEY);
  assert_int_equal(din.format, TRACE_DIN);
  assert_int_equal(lackey.count, din.count);
  assert_true(lackey.count >= 500);
  assert_false(lackey.unfinished);
  for (size_t i = 0; i < din.count; i++) {
    assert_int_equal(lackey.refs[i].va, din.refs[i].va);
    assert_int_equal(lackey.refs[i].kind, din.refs[i].kind);
  }
  round_trip(&lackey);
  round_trip(&din);
  trace_free(&lackey);
  trace_free(&din);
}

static void the_shipped_traces_are_whole(void** state) {
  (void)state;
  static const char* const names[] = {"gzip", "perl", "cc1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[256];
    snprintf(path, sizeof path, "%s/tests/traces/%s.pwt.xz", PAGEWALK_ROOT, names[i]);
    struct trace t = load_ok(path, TRACE_DETECT);
    assert_true(t.count >= 1000000);
    trace_free(&t);
  }
}

// A program that knows nothing of our writer: bytes from docs/traces.md.
static void the_documented_bytes_are_the_format(void** state) {
  (void)state;
  struct ref refs[3] = {{.va = 0x1000, .size = 4, .kind = ACCESS_FETCH, .flags = REF_USER},
                        {.va = 0x2000, .size = 16, .kind = ACCESS_READ, .flags = REF_USER},
                        {.va = 0x1000, .size = 4, .kind = ACCESS_FETCH, .flags = REF_USER}};
  struct trace t = {.refs = refs, .count = 3};
  save_ok(&t, "t.pwt");
  size_t bytes;
  unsigned char* file = file_read("t.pwt", &bytes);
  static const unsigned char head[] = "\x89PWT\r\n\x1a\n\x01\x03\0\0\0\0\0\0\0\x03\0\0\0\x0a\0\0";
  assert_memory_equal(file, head, sizeof head);  // its final zero is the fourth byte of the payload's length
  // fetch of 4 at distance 0x1000; read of 16 at distance 0x2000; fetch of 4, 4 bytes before where code would go on
  static const unsigned char payload[] = {0x4a, 0x80, 0x40, 0x08, 0x10, 0x80, 0x80, 0x01, 0x4a, 0x07};
  assert_memory_equal(file + 33, payload, sizeof payload);
  assert_int_equal(bytes, 33 + sizeof payload + 24);
  free(file);
}

// ---------------------------------------------------------------------------------------------------------------------
// Compression, standard input, windows

static const struct {
  const char* name;
  const char* command;
} compressors[] = {{"t.gz", "gzip -n"}, {"t.xz", "xz -1"}, {"t.zst", "zstd -q"}, {"t.bz2", "bzip2 -1"}};
enum { COMPRESSORS = sizeof compressors / sizeof *compressors };

static bool have(const char* command) {
  char text[100];
  snprintf(text, sizeof text, "command -v %.*s >/dev/null", (int)strcspn(command, " "), command);
  return system(text) == 0;
}

static void pack(int which, const char* from) {
  char text[100];
  snprintf(text, sizeof text, "%s -c %s > %s", compressors[which].command, from, compressors[which].name);
  shell(text);
}

static void write_lackey(const char* name, const struct trace* t) {
  FILE* file = fopen(name, "w");
  for (size_t i = 0; i < t->count; i++)
    fprintf(file, "%s %08llx,%u\n",
            t->refs[i].kind == ACCESS_FETCH ? "I "
            : t->refs[i].kind               ? " S"
                                            : " L",
            (unsigned long long)t->refs[i].va, t->refs[i].size);
  fclose(file);
}

static void compressed_traces_are_read(void** state) {
  (void)state;
  struct trace t = generated("mix:code=20,pages=500,refs=90000,write=50");
  write_lackey("t", &t);
  struct trace plain = load_ok("t", TRACE_DETECT);
  assert_same_refs(&t, &plain);
  trace_free(&plain);
  for (int i = 0; i < COMPRESSORS; i++) {
    if (!have(compressors[i].command)) continue;
    pack(i, "t");
    struct trace back = load_ok(compressors[i].name, TRACE_DETECT);
    assert_same_refs(&t, &back);
    trace_free(&back);
  }
  trace_free(&t);
}

static void members_one_after_the_other_are_one_trace(void** state) {
  (void)state;
  file_text("t", "0 1000\n");
  for (int i = 0; i < COMPRESSORS; i++) {
    if (!have(compressors[i].command)) continue;
    char text[100];
    pack(i, "t");
    snprintf(text, sizeof text, "cat %s %s > two", compressors[i].name, compressors[i].name);
    shell(text);
    struct trace t = load_ok("two", TRACE_DETECT);
    assert_int_equal(t.count, 2);
    trace_free(&t);
  }
}

static void cut_compressed_traces_are_refused(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=500,refs=30000");
  write_lackey("t", &t);
  trace_free(&t);
  for (int i = 0; i < COMPRESSORS; i++) {
    if (!have(compressors[i].command)) continue;
    pack(i, "t");
    size_t bytes;
    unsigned char* file = file_read(compressors[i].name, &bytes);
    size_t left[] = {bytes - 1, bytes - 5, bytes - 9, bytes / 2, 20};
    for (size_t k = 0; k < sizeof left / sizeof *left; k++) {
      file_write("cut", file, left[k]);
      load_fails("cut", TRACE_DETECT, "cut", "damaged or cut short", NULL);
    }
    free(file);
  }
}

static void garbage_behind_compressed_traces_is_refused(void** state) {
  (void)state;
  file_text("t", "0 1000\n");
  for (int i = 0; i < COMPRESSORS; i++) {
    if (!have(compressors[i].command)) continue;
    pack(i, "t");
    char text[100];
    snprintf(text, sizeof text, "(cat %s; echo garbage) > more", compressors[i].name);
    shell(text);
    load_fails("more", TRACE_DETECT, "more", "compressed data", NULL);
  }
}

// A byte of gzip's data that still unpacks: only the checksum tells.
static void damaged_compressed_traces_are_refused(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=500,refs=30000");
  write_lackey("t", &t);
  trace_free(&t);
  for (int i = 0; i < COMPRESSORS; i++) {
    if (!have(compressors[i].command)) continue;
    pack(i, "t");
    size_t bytes;
    unsigned char* file = file_read(compressors[i].name, &bytes);
    for (size_t at = bytes / 8; at < bytes - 8; at += bytes / 8) {
      file[at] ^= 0x10;
      file_write("bad", file, bytes);
      load_fails("bad", TRACE_DETECT, "bad", "record", "compressed data", NULL);
      file[at] ^= 0x10;
    }
    free(file);
  }
}

static void standard_input_is_read(void** state) {
  (void)state;
  file_text("t", lackey_text);
  int saved = dup(STDIN_FILENO), file = open("t", O_RDONLY);
  assert_true(saved >= 0 && file >= 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO);
  struct trace t = load_ok("-", TRACE_DETECT);
  assert_int_equal(t.count, 5);
  trace_free(&t);
  load_fails("-", TRACE_DETECT, "standard input is empty", NULL);
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(file);
}

static void a_window_is_the_middle_of_the_whole(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=500,refs=200000"), part;
  write_lackey("t", &t);
  save_ok(&t, "t.pwt");
  static const uint64_t windows[][2] = {{0, 10}, {10, 0}, {65535, 3}, {65536, 70000}, {199999, 5}, {199990, 10}};
  for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
    for (int text = 0; text <= 1; text++) {
      struct trace_options options = {.skip = windows[i][0], .count = windows[i][1]};
      struct error err;
      if (!trace_load(&part, text ? "t" : "t.pwt", &options, &err)) fail_msg("%s", err.text);
      size_t left = t.count - (size_t)options.skip;
      assert_int_equal(part.count, options.count && options.count < left ? options.count : left);
      assert_int_equal(part.skipped, options.skip);
      assert_memory_equal(part.refs, t.refs + options.skip, part.count * sizeof *part.refs);
      trace_free(&part);
    }
  struct error err;
  assert_false(trace_load(&part, "t.pwt", &(struct trace_options){.skip = 200000}, &err));
  assert_non_null(strstr(err.text, "only 200000 references"));
  trace_free(&t);
}

// What lies behind the last reference wanted may be anything.
static void a_window_reads_no_further_than_it_must(void** state) {
  (void)state;
  file_text("t", "0 1\n0 2\ngarbage\n");
  struct trace t;
  struct error err;
  load_fails("t", TRACE_DETECT, "record 3", NULL);
  if (!trace_load(&t, "t", &(struct trace_options){.skip = 1, .count = 1}, &err)) fail_msg("%s", err.text);
  assert_int_equal(t.count, 1);
  trace_free(&t);
}

static void count_progress(void* ctx, uint64_t refs, uint64_t bytes) {
  uint64_t* last = ctx;
  assert_true(refs >= last[0] && bytes >= last[1]);
  last[0] = refs;
  last[1] = bytes;
}

static void progress_rises_and_an_interrupt_stops(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=500,refs=200000"), part;
  write_lackey("t", &t);
  trace_free(&t);
  uint64_t last[2] = {0, 0};
  struct error err;
  struct trace_options options = {.progress = count_progress, .progress_ctx = last};
  assert_true(trace_load(&part, "t", &options, &err));
  trace_free(&part);
  assert_int_equal(last[0], 200000);
  volatile int interrupt = 1;
  options.interrupt = &interrupt;
  assert_false(trace_load(&part, "t", &options, &err));
  assert_non_null(strstr(err.text, "interrupted"));
}

// Is set when the trace's reader tells that so many bytes were read.
struct stopper {
  uint64_t after;
  volatile int interrupt;
};

static void stop_after(void* ctx, uint64_t refs, uint64_t bytes) {
  struct stopper* stopper = ctx;
  (void)refs;
  if (bytes >= stopper->after) stopper->interrupt = 1;
}

static void an_interrupt_leaves_what_was_read(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=50000,refs=500000"), part;
  write_lackey("t", &t);
  save_ok(&t, "t.pwt");
  shell("gzip -kf t; xz -kf -T1 -0 t.pwt");
  static const char* const files[] = {"t", "t.gz", "t.pwt", "t.pwt.xz"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    for (uint64_t skip = 0; skip <= 1000; skip += 1000) {
      struct stopper stopper = {.after = 1000000};
      struct trace_options options = {
          .skip = skip, .interrupt = &stopper.interrupt, .progress = stop_after, .progress_ctx = &stopper};
      struct error err;
      if (!trace_load(&part, files[i], &options, &err)) fail_msg("%s: %s", files[i], err.text);
      assert_true(part.interrupted);
      assert_false(part.unfinished);
      assert_in_range(part.count, 1, t.count - skip - 1);
      assert_memory_equal(part.refs, t.refs + skip, part.count * sizeof *part.refs);
      uint64_t hash = HASH_START;
      for (size_t r = 0; r < part.count; r++) hash = hash_ref(hash, &part.refs[r]);
      assert_int_equal(part.hash, hash);
      trace_free(&part);
    }
  }
  // Where the part that was read has nothing of what is wanted. (Each record is a line here.)
  struct stopper stopper = {.after = 1};
  struct trace_options options = {
      .skip = 400000, .interrupt = &stopper.interrupt, .progress = stop_after, .progress_ctx = &stopper};
  struct error err;
  assert_false(trace_load(&part, "t", &options, &err));
  unsigned long long record, byte, line;
  assert_int_equal(
      sscanf(err.text, "t: record %llu at byte %llu (line %llu): reading was interrupted", &record, &byte, &line), 3);
  assert_int_equal(record, line);
  assert_true(record > 1);
  trace_free(&t);
}

struct writer {
  int to;
  volatile int interrupt;
};

// Ctrl-C ends the program that writes, in the middle of a line, at the same time.
static void* write_and_die(void* ctx) {
  struct writer* writer = ctx;
  static const char text[] = "0 1000 a\n0 2000 b\n0 3000 c\n0 ";
  if (write(writer->to, text, sizeof text - 1) != (ssize_t)sizeof text - 1) return writer;
  for (int waiting = 1; waiting > 0;)
    if (ioctl(writer->to, FIONREAD, &waiting) != 0) return writer;
  usleep(100000);  // most likely the reader waits in read() by now; it may be anywhere
  writer->interrupt = 1;
  close(writer->to);
  return NULL;
}

static void an_end_by_an_interrupt_is_no_clean_end(void** state) {
  (void)state;
  int ends[2];
  char path[32];
  void* failed;
  pthread_t thread;
  assert_int_equal(pipe(ends), 0);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  struct writer writer = {.to = ends[1]};
  assert_int_equal(pthread_create(&thread, NULL, write_and_die, &writer), 0);
  struct trace t;
  struct error err;
  bool ok = trace_load(&t, path, &(struct trace_options){.interrupt = &writer.interrupt}, &err);
  assert_int_equal(pthread_join(thread, &failed), 0);
  assert_null(failed);
  if (!ok) fail_msg("%s", err.text);
  assert_true(t.interrupted);
  assert_int_equal(t.count, 3);
  trace_free(&t);
  close(ends[0]);
}

// The record to which `cut` can be read, as the message tells.
static uint64_t where_cut(void) {
  struct trace part;
  struct error err;
  unsigned long long record, byte, line;
  load_fails("cut", TRACE_DETECT, "the compressed data are damaged or cut short", NULL);
  assert_false(trace_load(&part, "cut", &(struct trace_options){0}, &err));
  int read = sscanf(err.text, "cut: record %llu at byte %llu (line %llu)", &record, &byte, &line);
  if (read < 2 || record < 50000) fail_msg("%s", err.text);
  if (read == 3) assert_int_equal(record, line);
  return record;
}

// All before that can be had.
static void check_cut(const struct trace* whole) {
  struct trace part;
  struct error err;
  uint64_t record = where_cut();
  if (!trace_load(&part, "cut", &(struct trace_options){.count = record - 1}, &err)) fail_msg("%s", err.text);
  assert_int_equal(part.count, record - 1);
  assert_memory_equal(part.refs, whole->refs, part.count * sizeof *part.refs);
  trace_free(&part);
}

static void a_cut_is_told_where_it_is_met(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=50000,refs=150000");
  write_lackey("t", &t);
  save_ok(&t, "t.pwt");
  for (int i = 0; i < COMPRESSORS; i++) {
    if (!have(compressors[i].command)) continue;
    for (int text = 0; text <= 1; text++) {
      size_t bytes;
      pack(i, text ? "t" : "t.pwt");
      unsigned char* file = file_read(compressors[i].name, &bytes);
      file_write("cut", file, bytes * 3 / 4);
      check_cut(&t);
      file_write("cut", file, bytes - 4);  // no reference is missing
      load_fails("cut", TRACE_DETECT, "the compressed data", NULL);
      free(file);
    }
  }
  trace_free(&t);
}

// gzip's decompressor meets damage in the call that also unpacks what is good before it.
static void damage_loses_nothing_before_it(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=50000,refs=1000"), part;
  size_t bytes;
  write_lackey("t", &t);
  unsigned char *text = file_read("t", &bytes), packed[1 << 16];
  z_stream z = {.next_in = text, .avail_in = (uInt)bytes, .next_out = packed, .avail_out = sizeof packed - 1};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
  *z.next_out++ = 0xff;  // a block of a type that there is not
  file_write("cut", packed, (size_t)(z.next_out - packed));
  deflateEnd(&z);
  free(text);
  load_fails("cut", TRACE_DETECT, "record 1001 at byte", "(line 1001)", "invalid block type", NULL);
  struct error err;
  if (!trace_load(&part, "cut", &(struct trace_options){.count = 1000}, &err)) fail_msg("%s", err.text);
  assert_same_refs(&part, &t);
  trace_free(&part);
  trace_free(&t);
}

// ---------------------------------------------------------------------------------------------------------------------
// Wrong input

static void files_that_are_no_traces(void** state) {
  (void)state;
  load_fails("absent", TRACE_DETECT, "absent", "No such file", NULL);
  load_fails(".", TRACE_DETECT, "is a directory", NULL);
  file_text("empty", "");
  for (int format = 0; format < TRACE_FORMAT_COUNT; format++)
    load_fails("empty", (enum trace_format)format, "empty is empty", NULL);
  shell("gzip -c empty > empty.gz; xz -c empty > empty.xz");
  load_fails("empty.gz", TRACE_DETECT, "empty.gz is empty", NULL);
  load_fails("empty.xz", TRACE_DETECT, "empty.xz is empty", NULL);
  file_text("silent", "==7== Lackey\n==7== \n");
  load_fails("silent", TRACE_DETECT, "silent holds no references", NULL);
  file_text("blank", "\n\n");
  load_fails("blank", TRACE_DIN, "blank holds no references", NULL);
}

static void text_garbage_is_refused(void** state) {
  (void)state;
  static const char* const texts[] = {"hello world\n",  "I am a text\n", "12 monkeys\n", "\n\n",    "I  1000\n",
                                      "\x1f\x9d\x90\n", "0 xyz\n",       "0\n",          "<html>\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    file_text("t", texts[i]);
    load_fails("t", TRACE_DETECT, "t is no trace", NULL);
  }
}

static void wrong_records_are_named(void** state) {
  (void)state;
  static const struct {
    enum trace_format format;
    const char* text;
    const char* says;
  } cases[] = {
      {TRACE_LACKEY, "I  1000,4\n L 2000,0\n", "record 2 at byte 10 (line 2): the size is not between 1 and 4096"},
      {TRACE_LACKEY, "I  1000,4\n L 2000,4097\n", "the size is not between 1 and 4096"},
      {TRACE_LACKEY, "I  1000,4\n L 2000,4294967297\n", "the size is not between 1 and 4096"},
      {TRACE_LACKEY, "I  10000000000000000,4\n", "record 1 at byte 0 (line 1): the address does not fit 64 bits"},
      {TRACE_LACKEY, "I  fffffffffffffffd,4\n", "the address does not fit 64 bits"},
      {TRACE_LACKEY, " M 1000,4\n M 1000,4\n L\n", "record 3 at byte 20 (line 3)"},
      {TRACE_LACKEY, "I  1000,4\n L ,4\n", "\" L ,4\" is no lackey record"},
      {TRACE_LACKEY, "I  1000,4\n L 1000,\n", "no lackey record"},
      {TRACE_LACKEY, "I  1000,4\n L 1000,4x\n", "no lackey record"},
      {TRACE_LACKEY, "I  1000,4\n L 1000 4\n", "no lackey record"},
      {TRACE_LACKEY, "I  1000,4\n X 1000,4\n", "no lackey record"},
      {TRACE_LACKEY, "I  1000,4\n==x== y\n", "no lackey record"},
      {TRACE_LACKEY, "I  1000,4\nI  1004,4", "record 2 at byte 10 (line 2): the trace is cut in the middle"},
      {TRACE_DIN, "0 1\n3 2\n", "record 2 at byte 4 (line 2): the label is not 0 (read), 1 (write) or 2 (fetch)"},
      {TRACE_DIN, "0 1\n1 12345678123456789\n", "the address does not fit 64 bits"},
      {TRACE_DIN, "0 1\n1\n", "no din record"},
      {TRACE_DIN, "0 1\n1 12z\n", "no din record"},
      {TRACE_DIN, "0 1\n10 1\n", "no din record"},
      {TRACE_DIN, "0 1\n0 10", "record 2 at byte 4 (line 2): the trace is cut in the middle"},
      {TRACE_BINARY, "0 1\n", "does not begin as Pagewalk's binary traces do"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    file_text("t", cases[i].text);
    load_fails("t", cases[i].format, cases[i].says, NULL);
    // The first record tells the format, if it is a good one.
    if (i != 3 && i != 4 && cases[i].format != TRACE_BINARY) load_fails("t", TRACE_DETECT, cases[i].says, NULL);
  }
}

static void lines_without_end_are_refused(void** state) {
  (void)state;
  size_t bytes = 3 << 20;
  char* text = malloc(bytes);
  memset(text, 'x', bytes);
  memcpy(text, "0 1000\n1 2000 ", 14);
  file_write("t", text, bytes);
  load_fails("t", TRACE_DETECT, "record 2 at byte 7 (line 2): a line of more than", NULL);
  free(text);
}

// Everything that is not the whole is refused, wherever it is cut.
static void cut_binary_traces_are_refused(void** state) {
  (void)state;
  struct trace t = generated("mix:code=2,pages=9,refs=66000,write=50");
  save_ok(&t, "t.pwt");
  trace_free(&t);
  size_t bytes;
  unsigned char* file = file_read("t.pwt", &bytes);
  for (size_t left = 1; left < bytes; left += left < 64 || left + 64 > bytes ? 1 : 997) {
    file_write("cut", file, left);
    load_fails("cut", TRACE_DETECT, "cut: record", "the trace is cut", NULL);
  }
  file[bytes] = 0;
  file_write("more", file, bytes + 1);
  load_fails("more", TRACE_DETECT, "more: record 66001", "something follows the end", NULL);
  free(file);
}

enum { HINT_START = 9, HINT_END = 17 };  // the count in a binary trace's head is only a hint

// Flips one to three bits of small files a few hundred times. Nothing crashes, and no damage to a binary trace goes
// unnoticed.
static void damaged_traces_do_no_harm(void** state) {
  (void)state;
  struct trace t = generated("mix:code=2,pages=9,refs=3000,write=50"), back;
  save_ok(&t, "t.pwt");
  write_lackey("t", &t);
  uint64_t seed = 2;
  for (int text = 0; text <= 1; text++) {
    size_t bytes;
    unsigned char* file = file_read(text ? "t" : "t.pwt", &bytes);
    unsigned char* bad = malloc(bytes);
    for (int round = 0; round < 300; round++) {
      memcpy(bad, file, bytes);
      for (uint64_t n = step(&seed) % 3 + 1; n > 0; n--)
        bad[step(&seed) % bytes] ^= (unsigned char)(1 << step(&seed) % 8);
      bool damaged =
          memcmp(bad, file, HINT_START) != 0 || memcmp(bad + HINT_END, file + HINT_END, bytes - HINT_END) != 0;
      file_write("bad", bad, bytes);
      struct error err;
      bool ok = trace_load(&back, "bad", &(struct trace_options){0}, &err);
      if (!text && ok == damaged) fail_msg("round %d: %s", round, ok ? "damage was not noticed" : err.text);
      if (!text && ok) assert_same_refs(&t, &back);
      trace_free(&back);
    }
    free(bad);
    free(file);
  }
  trace_free(&t);
}

// Every byte of the end is looked at, and every block that is used, also if the rest of the file is not read.
static void each_check_of_a_binary_trace_works_alone(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=9,refs=2000,write=50"), part;
  struct error err;
  save_ok(&t, "t.pwt");
  trace_free(&t);
  size_t bytes;
  unsigned char* file = file_read("t.pwt", &bytes);
  for (size_t at = bytes - 24; at < bytes; at++) {
    file[at] ^= 0x40;
    file_write("bad", file, bytes);
    load_fails("bad", TRACE_DETECT, "bad: record 2001 at byte", NULL);
    file[at] ^= 0x40;
  }
  for (size_t at = 17; at < bytes - 24; at += at < 33 ? 1 : 101) {
    file[at] ^= 0x04;
    file_write("bad", file, bytes);
    if (trace_load(&part, "bad", &(struct trace_options){.count = 5}, &err)) fail_msg("byte %zu", at);
    assert_non_null(strstr(err.text, "bad: record 1 at byte 17: the"));
    file[at] ^= 0x04;
  }
  free(file);
}

static void word(unsigned char* to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) to[i] = (unsigned char)(value >> 8 * i);
}

// A trace of one block with a checksum that fits.
static void write_block(size_t refs, const unsigned char* payload, size_t bytes) {
  unsigned char file[17 + 16 + 64] = BINARY_MAGIC "\x01";
  word(file + 17, refs, 4);
  word(file + 21, bytes, 4);
  word(file + 25, hash_bytes(payload, bytes), 8);
  memcpy(file + 33, payload, bytes);
  file_write("t.pwt", file, 33 + bytes);
}

static void tokens_that_make_no_sense_are_refused(void** state) {
  (void)state;
  static const struct {
    size_t refs;
    const char* tokens;
    size_t bytes;
    bool good;
  } cases[] = {
      {1, "\x42", 1, true},
      {1, "\x07", 1, false},                          // as predicted, where nothing was yet
      {2, "\x42", 1, false},                          // too few
      {1, "\x42\x42", 2, false},                      // too many
      {2, "\x42\x0b", 2, false},                      // a run longer than the block
      {2, "\x42\x03\xff\xff\xff\xff\x7f", 7, false},  // much longer
      {1, "\x02\x01", 2, true},                       // size 1 as a varint
      {1, "\x02\x80\x20", 3, true},                   // size 4096
      {1, "\x02\x81\x20", 3, false},                  // size 4097
      {1, "\x02\x00", 2, false},                      // size 0
      {1, "\x88\x0f", 2, true},                       // 8 bytes at -8
      {1, "\x88\x0d", 2, false},                      // 8 bytes at -7, beyond the last address
      {1, "\x88", 1, false},                          // cut in a token
      // Seven reads at -60, then -52, -44, -36 in the context of all further ones: from then on 8 bytes further each.
      {13, "\x88\x77\x80\x80\x80\x80\x80\x80\x88\x10\x88\x10\x88\x10\x0f", 15, true},
      {14, "\x88\x77\x80\x80\x80\x80\x80\x80\x88\x10\x88\x10\x88\x10\x13", 15, false},  // beyond the last address
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct trace t;
    struct error err;
    write_block(cases[i].refs, (const unsigned char*)cases[i].tokens, cases[i].bytes);
    bool ok = trace_load(&t, "t.pwt", &(struct trace_options){.count = cases[i].refs}, &err);
    if (ok != cases[i].good) fail_msg("case %zu: %s", i, ok ? "was taken" : err.text);
    if (!ok) assert_non_null(strstr(err.text, "record 1 at byte 17: the block"));
    trace_free(&t);
  }
}

// The decoder must stand anything, behind checksums that fit.
static void nonsense_with_good_checksums_does_no_harm(void** state) {
  (void)state;
  uint64_t seed = 3;
  int taken = 0;
  for (int round = 0; round < 300; round++) {
    unsigned char payload[64];
    size_t bytes = (size_t)(step(&seed) % 64 + 1), refs = (size_t)(step(&seed) % 16 + 1);
    for (size_t i = 0; i < bytes; i++)
      payload[i] = (unsigned char)(step(&seed) % 2 ? step(&seed) : (step(&seed) % 3) | (step(&seed) % 16 << 4));
    if (bytes > binary_payload_max(refs)) bytes = refs;
    write_block(refs, payload, bytes);
    struct trace t;
    struct error err;
    assert_false(trace_load(&t, "t.pwt", &(struct trace_options){0}, &err));
    if (!trace_load(&t, "t.pwt", &(struct trace_options){.count = refs}, &err)) {
      assert_non_null(strstr(err.text, "makes no sense"));
      continue;
    }
    taken++;
    assert_int_equal(t.count, refs);
    for (size_t i = 0; i < refs; i++) {
      assert_in_range(t.refs[i].size, 1, 4096);
      assert_in_range(t.refs[i].kind, 0, 2);
      assert_true(t.refs[i].va + (t.refs[i].size - 1u) >= t.refs[i].va);
    }
    trace_free(&t);
  }
  assert_true(taken > 5);  // else the test would test little
}

// ---------------------------------------------------------------------------------------------------------------------
// Saving

// Tries to save where a file may have 5,000 bytes at most, as on a disk that is nearly full.
static void save_on_a_full_disk(const struct trace* t, const char* path) {
  struct rlimit before, limit;
  struct error err = {""};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 5000;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  bool ok = trace_save(t, path, &err);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_false(ok);
  assert_non_null(strstr(err.text, path));
}

static void a_full_disk_leaves_nothing(void** state) {
  (void)state;
  struct trace t = generated("uniform:pages=500,refs=100000");
  struct error err;
  assert_false(trace_save(&t, "/dev/full", &err));
  assert_non_null(strstr(err.text, "/dev/full"));
  shell("mkdir small");
  save_on_a_full_disk(&t, "small/t.pwt");
  shell("rmdir small");  // it is empty
  assert_false(trace_save(&t, "absent/t.pwt", &err));
  assert_non_null(strstr(err.text, "absent/t.pwt"));
  trace_free(&t);
}

static void a_failed_save_keeps_what_was_there(void** state) {
  (void)state;
  struct trace t = generated("cyclic:pages=5,refs=10"), more = generated("uniform:pages=500,refs=100000");
  save_ok(&t, "kept.pwt");
  save_on_a_full_disk(&more, "kept.pwt");
  struct trace back = load_ok("kept.pwt", TRACE_DETECT);
  assert_same_refs(&t, &back);
  save_ok(&more, "kept.pwt");
  trace_free(&back);
  back = load_ok("kept.pwt", TRACE_DETECT);
  assert_same_refs(&more, &back);
  trace_free(&back);
  trace_free(&more);
  trace_free(&t);
}

static void formats_have_names(void** state) {
  (void)state;
  enum trace_format format;
  struct error err;
  for (int i = 0; i < TRACE_FORMAT_COUNT; i++) {
    assert_true(trace_format_parse(trace_format_name((enum trace_format)i), &format, &err));
    assert_int_equal(format, i);
  }
  assert_false(trace_format_parse("lacky", &format, &err));
  assert_non_null(strstr(err.text, "did you mean lackey?"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lackey_records_are_read),
    cmocka_unit_test(valgrinds_own_lines_are_ignored),
    cmocka_unit_test(two_processes_are_refused),
    cmocka_unit_test(the_programs_own_output_is_refused_with_a_hint),
    cmocka_unit_test(din_records_are_read),
    cmocka_unit_test(every_generated_trace_survives_the_binary_format),
    cmocka_unit_test(extreme_references_survive_the_binary_format),
    cmocka_unit_test(all_formats_tell_the_same_of_a_real_excerpt),
    cmocka_unit_test(the_shipped_traces_are_whole),
    cmocka_unit_test(the_documented_bytes_are_the_format),
    cmocka_unit_test(compressed_traces_are_read),
    cmocka_unit_test(members_one_after_the_other_are_one_trace),
    cmocka_unit_test(cut_compressed_traces_are_refused),
    cmocka_unit_test(garbage_behind_compressed_traces_is_refused),
    cmocka_unit_test(damaged_compressed_traces_are_refused),
    cmocka_unit_test(standard_input_is_read),
    cmocka_unit_test(a_window_is_the_middle_of_the_whole),
    cmocka_unit_test(a_window_reads_no_further_than_it_must),
    cmocka_unit_test(progress_rises_and_an_interrupt_stops),
    cmocka_unit_test(an_interrupt_leaves_what_was_read),
    cmocka_unit_test(an_end_by_an_interrupt_is_no_clean_end),
    cmocka_unit_test(a_cut_is_told_where_it_is_met),
    cmocka_unit_test(damage_loses_nothing_before_it),
    cmocka_unit_test(files_that_are_no_traces),
    cmocka_unit_test(text_garbage_is_refused),
    cmocka_unit_test(wrong_records_are_named),
    cmocka_unit_test(lines_without_end_are_refused),
    cmocka_unit_test(cut_binary_traces_are_refused),
    cmocka_unit_test(damaged_traces_do_no_harm),
    cmocka_unit_test(each_check_of_a_binary_trace_works_alone),
    cmocka_unit_test(tokens_that_make_no_sense_are_refused),
    cmocka_unit_test(nonsense_with_good_checksums_does_no_harm),
    cmocka_unit_test(a_full_disk_leaves_nothing),
    cmocka_unit_test(a_failed_save_keeps_what_was_there),
    cmocka_unit_test(formats_have_names),
};

FILES_TEST_MAIN(tests)
