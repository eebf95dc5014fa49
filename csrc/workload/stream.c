// SPDX-License-Identifier: MIT
// Decompression: libarchive for xz, zstd and bzip2, zlib for gzip, because libarchive 3.6 compares neither the
// checksum nor the length at the end of a gzip file with what it unpacked.
#include "workload/stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { CHUNK = 1 << 9 };
#else
enum { CHUNK = 1 << 18 };
#endif

struct stream {
  const char* name;
  int fd;
  const volatile int* interrupt;
  unsigned char chunk[CHUNK];   // what was read last
  size_t held;                  // bytes of `chunk` that were looked at before the decompressor was chosen
  uint64_t delivered;           // compressed bytes handed to libarchive
  bool raw_ended, interrupted;  // nothing more to read from fd; reading was interrupted
  int io_error;                 // errno of a read that failed
  struct archive* archive;      // made by the first read
  bool archive_empty;           // compressed nothing
  const char* block;            // what libarchive unpacked last and nobody took yet
  size_t block_left;            // its bytes
  bool gzip, gzip_inside;       // zlib's turn, not libarchive's; in the middle of a gzip member
  z_stream inflate;
};

const char* stream_name(const struct stream* stream) { return stream->name; }

bool stream_interrupted(const struct stream* stream) { return stream->interrupted; }

static bool interrupted(struct stream* s) {
  if (s->interrupt && *s->interrupt) s->interrupted = true;
  return s->interrupted;
}

// The next compressed bytes into `chunk`: their number, 0 at the end of the file, -1 on failure.
static long raw_read(struct stream* s) {
  long n;
  if (s->held > 0) {
    n = (long)s->held;
    s->held = 0;
    return n;
  }
  if (s->raw_ended) return 0;
  do {
    if (interrupted(s)) return -1;
    n = read(s->fd, s->chunk, CHUNK);
  } while (n < 0 && errno == EINTR);
  // Ctrl-C ends the program at the other end of a pipe too: this end is no clean one.
  if (n == 0 && interrupted(s)) return -1;
  if (n < 0) s->io_error = errno;
  if (n == 0) s->raw_ended = true;
  return n;
}

// Why reading failed, `what` if it was the decompressor that found something.
static long fail(struct stream* s, struct error* err, const char* what) {
  if (s->interrupted)
    error_set(err, "reading was interrupted");
  else if (s->io_error)
    error_set(err, "can't be read: %s", strerror(s->io_error));
  else
    error_set(err, "the compressed data are damaged or cut short (%s)", what ? what : "no reason given");
  return -1;
}

static long left_over(struct error* err) {
  error_set(err, "something else follows the compressed data: is the file damaged?");
  return -1;
}

// ---------------------------------------------------------------------------------------------------------------------
// gzip: one or more members

// Puts something where the inflater puts its output, which is as long as `asked`: its length, 0 at the end, or -1.
static long gzip_unpack(struct stream* s, uInt asked, struct error* err) {
  if (s->inflate.msg) return fail(s, err, s->inflate.msg);  // of the call before
  while (s->inflate.avail_out == asked) {
    if (s->inflate.avail_in == 0) {
      long n = raw_read(s);
      if (n < 0) return fail(s, err, NULL);
      if (n == 0 && s->gzip_inside) return fail(s, err, "its end is missing");
      if (n == 0) return 0;
      s->inflate.next_in = s->chunk;
      s->inflate.avail_in = (uInt)n;
    }
    if (!s->gzip_inside) {
      if (s->inflate.next_in[0] != 0x1f) return left_over(err);
      inflateReset(&s->inflate);
      s->gzip_inside = true;
    }
    int status = inflate(&s->inflate, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
      s->gzip_inside = false;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      return fail(s, err, s->inflate.msg);
  }
  return (long)(asked - s->inflate.avail_out);
}

static long gzip_read(struct stream* s, void* to, size_t room, struct error* err) {
  uInt asked = (uInt)(room < (1 << 30) ? room : 1 << 30);
  s->inflate.next_out = to;
  s->inflate.avail_out = asked;
  long n = gzip_unpack(s, asked, err);
  // What was unpacked before an error comes first; the error is told by the next call.
  return n < 0 && s->inflate.avail_out < asked ? (long)(asked - s->inflate.avail_out) : n;
}

// ---------------------------------------------------------------------------------------------------------------------
// Everything else

static la_ssize_t archive_input(struct archive* archive, void* ctx, const void** data) {
  struct stream* s = ctx;
  long n = raw_read(s);
  if (n < 0) {
    archive_set_error(archive, EIO, "reading failed");
    return ARCHIVE_FATAL;
  }
  *data = s->chunk;
  s->delivered += (uint64_t)n;
  return n;
}

static bool archive_start(struct stream* s, struct error* err) {
  s->archive = archive_read_new();
  if (!s->archive) return error_set(err, "not enough memory");
  archive_read_support_filter_xz(s->archive);
  archive_read_support_filter_zstd(s->archive);
  archive_read_support_filter_bzip2(s->archive);
  archive_read_support_format_raw(s->archive);
  archive_read_support_format_empty(s->archive);
  struct archive_entry* entry;
  int status = archive_read_open(s->archive, s, NULL, archive_input, NULL);
  if (status == ARCHIVE_OK) status = archive_read_next_header(s->archive, &entry);
  s->archive_empty = status == ARCHIVE_EOF;
  if (status == ARCHIVE_OK || s->archive_empty) return true;
  fail(s, err, archive_error_string(s->archive));
  return false;
}

static long archive_output(struct stream* s, void* to, size_t room, struct error* err) {
  if (!s->archive && !archive_start(s, err)) return -1;
  if (s->archive_empty) return 0;
  if (s->block_left == 0) {
    // Not archive_read_data: when that fails, it takes along what came before.
    const void* block = NULL;
    la_int64_t offset;
    int status = archive_read_data_block(s->archive, &block, &s->block_left, &offset);
    if (status != ARCHIVE_OK && status != ARCHIVE_EOF) {
      s->block_left = 0;
      return fail(s, err, archive_error_string(s->archive));
    }
    if (status == ARCHIVE_EOF) s->block_left = 0;
    s->block = block;
  }
  if (s->block_left > 0) {
    size_t n = s->block_left < room ? s->block_left : room;
    memcpy(to, s->block, n);
    s->block += n;
    s->block_left -= n;
    return (long)n;
  }
  uint64_t used = (uint64_t)archive_filter_bytes(s->archive, archive_filter_count(s->archive) - 1);
  if (used < s->delivered) return left_over(err);
  long more = raw_read(s);
  return more == 0 ? 0 : more < 0 ? fail(s, err, NULL) : left_over(err);
}

// ---------------------------------------------------------------------------------------------------------------------

static bool open_file(struct stream* s, const char* path, struct error* err) {
  struct stat status;
  s->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (s->fd < 0) return error_set(err, "%s: can't be opened: %s", s->name, strerror(errno));
  if (fstat(s->fd, &status) == 0 && S_ISDIR(status.st_mode))
    return error_set(err, "%s is a directory; a trace is a file (or - for standard input)", s->name);
  return true;
}

// Reads enough to tell gzip from the rest.
static bool choose(struct stream* s, struct error* err) {
  size_t got = 0;
  while (got < 2) {
    long n = interrupted(s) ? -1 : read(s->fd, s->chunk + got, CHUNK - got);
    if (n < 0 && errno == EINTR && !interrupted(s)) continue;
    if (n < 0) {
      s->io_error = errno;
      fail(s, err, NULL);
      return error_prefix(err, "%s", s->name);
    }
    if (n == 0) break;
    got += (size_t)n;
  }
  if (got == 0) return error_set(err, "%s is empty: there is no trace in it", s->name);
  s->held = got;
  s->gzip = got >= 2 && s->chunk[0] == 0x1f && s->chunk[1] == 0x8b;
  if (s->gzip && inflateInit2(&s->inflate, 15 + 16) != Z_OK) return error_set(err, "%s: not enough memory", s->name);
  return true;
}

struct stream* stream_open(const char* path, const volatile int* interrupt, struct error* err) {
  struct stream* s = calloc(1, sizeof *s);
  if (!s) {
    error_set(err, "%s: not enough memory", path);
    return NULL;
  }
  s->name = strcmp(path, "-") == 0 ? "standard input" : path;
  s->interrupt = interrupt;
  if (open_file(s, path, err) && choose(s, err)) return s;
  stream_close(s);
  return NULL;
}

void stream_close(struct stream* s) {
  if (!s) return;
  if (s->archive) archive_read_free(s->archive);
  if (s->gzip) inflateEnd(&s->inflate);
  if (s->fd > STDIN_FILENO) close(s->fd);
  free(s);
}

bool stream_compressed(const struct stream* s) {
  return s->gzip || (s->archive && archive_filter_code(s->archive, 0) != ARCHIVE_FILTER_NONE);
}

long stream_read(struct stream* s, void* to, size_t room, struct error* err) {
  return s->gzip ? gzip_read(s, to, room, err) : archive_output(s, to, room, err);
}
