// SPDX-License-Identifier: MIT
// Reading a trace, whatever its format: the window, the growing array, detection.
#include "workload/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "workload/hash.h"

bool loader_fail(struct loader* l, uint64_t byte, const char* format, ...) {
  l->failed_at = byte;
  char text[sizeof l->err->text], line[40] = "";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (l->lines > 0) snprintf(line, sizeof line, " (line %llu)", (unsigned long long)l->lines);
  return error_set(l->err, "%s: record %llu at byte %llu%s: %s", stream_name(l->stream),
                   (unsigned long long)l->records + 1, (unsigned long long)byte, line, text);
}

void loader_fill(struct loader* l, size_t need) {
  if (l->at > 0) {
    memmove(l->window, l->window + l->at, l->end - l->at);
    l->offset += l->at;
    l->end -= l->at;
    l->at = 0;
  }
  while (l->end < need && !l->ended) {
    long n = stream_read(l->stream, l->window + l->end, WINDOW - l->end, &l->why);
    if (n > 0) l->end += (size_t)n;
    l->ended = n <= 0;
    l->broken = n < 0;
  }
  memset(l->window + l->end, 0, SLACK);
  if (l->options->progress)
    l->options->progress(l->options->progress_ctx, l->options->skip - l->skip + l->count, l->offset + l->end);
}

bool loader_broken(struct loader* l) {
  l->interrupted = stream_interrupted(l->stream);
  return loader_fail(l, l->offset + l->at, "%s", l->why.text);
}

void loader_expect(struct loader* l, uint64_t references) {
  const uint64_t large = EXPECT_BYTES;  // of a large page of the host
  references = references > l->skip ? references - l->skip : 0;
  if (references > l->limit) references = l->limit;
  if (references > EXPECT_MAX) references = EXPECT_MAX;  // the file may be wrong
  if (references < large / sizeof *l->refs) return;
  size_t bytes = (size_t)((references + BATCH_MAX) * sizeof *l->refs + large - 1) & ~(size_t)(large - 1);
  struct ref* refs = aligned_alloc(large, bytes);
  if (!refs) return;
  madvise(refs, bytes, MADV_HUGEPAGE);
  l->refs = refs;
  l->room = bytes / sizeof *refs;
}

struct ref* loader_room(struct loader* l, size_t count) {
  if (l->room - l->count < count) {
    size_t room = l->room + l->room / 2 + count + ROOM_MORE;
    struct ref* refs = realloc(l->refs, room * sizeof *refs);
    if (!refs) {
      error_set(l->err, "%s: not enough memory for more than %zu references; use skip and count to take a part",
                stream_name(l->stream), l->count);
      return NULL;
    }
    l->refs = refs;
    l->room = room;
  }
  return l->refs + l->count;
}

bool loader_take(struct loader* l, size_t count) {
  struct ref* refs = l->refs + l->count;
  if (l->skip > 0) {
    size_t out = l->skip < count ? (size_t)l->skip : count;
    count -= out;
    l->skip -= out;
    memmove(refs, refs + out, count * sizeof *refs);
  }
  if (count > l->limit - l->count) count = (size_t)(l->limit - l->count);
  uint64_t hash = l->hash;
  for (size_t i = 0; i < count; i++) hash = hash_ref(hash, &refs[i]);
  l->hash = hash;
  l->count += count;
  return l->count < l->limit;
}

// ---------------------------------------------------------------------------------------------------------------------
// Formats

static const struct {
  const char* name;
  bool (*detect)(const unsigned char* bytes, const unsigned char* end);
  bool (*load)(struct loader* loader);
} formats[TRACE_FORMAT_COUNT] = {
    [TRACE_DETECT] = {"detect", NULL, NULL},
    [TRACE_LACKEY] = {"lackey", lackey_detect, lackey_load},
    [TRACE_DIN] = {"din", din_detect, din_load},
    [TRACE_BINARY] = {"binary", binary_detect, binary_load},
};

const char* trace_format_name(enum trace_format format) { return formats[format].name; }

bool trace_format_parse(const char* name, enum trace_format* format, struct error* err) {
  const char* names[TRACE_FORMAT_COUNT + 1] = {NULL};
  for (int i = 0; i < TRACE_FORMAT_COUNT; i++) {
    names[i] = formats[i].name;
    if (strcmp(name, names[i]) != 0) continue;
    *format = (enum trace_format)i;
    return true;
  }
  const char* meant = error_suggest(name, names);
  return error_set(err, "there is no trace format \"%s\"%s%s%s; there are lackey, din, binary, and detect", name,
                   meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
}

// The first bytes, as a message can show them.
static const char* beginning(const struct loader* l, char text[80]) {
  size_t shown = l->end < 16 ? l->end : 16, used = 0;
  for (size_t i = 0; i < shown; i++) {
    unsigned char c = l->window[i];
    if (c == '\n') break;
    used += (size_t)snprintf(text + used, 80 - used, c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
  }
  text[used] = '\0';
  return text;
}

static bool detect(struct loader* l, enum trace_format* format) {
  for (int i = 0; i < TRACE_FORMAT_COUNT; i++) {
    if (!formats[i].detect || !formats[i].detect(l->window, l->window + l->end)) continue;
    *format = (enum trace_format)i;
    return true;
  }
  if (l->broken) return loader_broken(l);
  char text[80];
  return error_set(l->err,
                   "%s is no trace: it begins with \"%s\", which is neither valgrind lackey text, nor Dinero din, nor "
                   "Pagewalk's binary format (any of them plain or compressed by xz, gzip, zstd or bzip2)",
                   stream_name(l->stream), beginning(l, text));
}

static bool load(struct loader* l, enum trace_format* format) {
  l->window = malloc(WINDOW + SLACK);
  if (!l->window) return error_set(l->err, "%s: not enough memory", stream_name(l->stream));
  loader_fill(l, 4096);
  if (l->end == 0 && l->broken) return loader_broken(l);
  if (l->end == 0) return error_set(l->err, "%s is empty: there is no trace in it", stream_name(l->stream));
  if (*format == TRACE_DETECT && !detect(l, format)) return false;
  if (!formats[*format].load(l) && !l->interrupted) return false;
  if (l->count > 0) return true;
  if (l->interrupted) return false;  // with loader_broken's message
  if (l->options->skip == 0) return error_set(l->err, "%s holds no references", stream_name(l->stream));
  return error_set(l->err, "%s holds only %llu references: leaving out %llu leaves nothing", stream_name(l->stream),
                   (unsigned long long)(l->options->skip - l->skip), (unsigned long long)l->options->skip);
}

// Garbage in what was unpacked may come of damage that the decompressor finds only later: that is the better message
// then. Returns false.
static bool look_for_damage(struct loader* l) {
  if (!l->window || !stream_compressed(l->stream)) return false;
  while (!l->ended) {
    long n = stream_read(l->stream, l->window, WINDOW, &l->why);
    l->ended = n <= 0;
    l->broken = n < 0;
  }
  if (!l->broken || stream_interrupted(l->stream)) return false;
  return loader_fail(l, l->failed_at, "%s", l->why.text);
}

bool trace_load(struct trace* trace, const char* path, const struct trace_options* options, struct error* err) {
  struct error mine;  // so that messages can be built where the caller wants none
  struct loader l = {.skip = options->skip,
                     .limit = options->count ? options->count : UINT64_MAX,
                     .whole = !options->skip && !options->count,
                     .hash = HASH_START,
                     .options = options,
                     .err = err ? err : &mine};
  enum trace_format format = options->format;
  *trace = (struct trace){0};
  l.stream = stream_open(path, options->interrupt, l.err);
  bool ok = l.stream && (load(&l, &format) || look_for_damage(&l));
  free(l.window);
  stream_close(l.stream);
  if (!ok) {
    free(l.refs);
    return false;
  }
  struct ref* exact = realloc(l.refs, l.count * sizeof *exact);
  *trace = (struct trace){.refs = exact ? exact : l.refs,
                          .count = l.count,
                          .format = format,
                          .hash = l.hash,
                          .skipped = options->skip,
                          .unfinished = l.unfinished && l.count < l.limit && !l.interrupted,
                          .interrupted = l.interrupted};
  return true;
}

void trace_free(struct trace* trace) {
  free(trace->refs);
  *trace = (struct trace){0};
}
