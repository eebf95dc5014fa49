// SPDX-License-Identifier: MIT
// Files that appear whole or not at all.
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(const char* path, struct error* err) {
  if (errno == ENOENT) return error_set(err, "%s: can't be written: there is no such folder", path);
  return error_set(err, "%s: can't be written: %m", path);
}

static void forget(struct output* output) {
  free(output->name);
  free(output->path);
  free(output->partial);
  *output = (struct output){NULL, NULL, NULL, NULL};
}

// Finds where the file goes (through symbolic links) and creates its partial form, or opens a device in its place.
// Returns a descriptor, or -1 with a message.
static int create(struct output* output, const char* path, bool devices, struct error* err) {
  struct stat status;
  bool exists = stat(path, &status) == 0, regular = !exists || S_ISREG(status.st_mode);
  // A device or a pipe is opened by its name: the link of a pipe in /dev/fd leads nowhere.
  *output = (struct output){.name = strdup(path), .path = exists && regular ? realpath(path, NULL) : strdup(path)};
  if (!output->name || !output->path) {
    fail(path, err);
    return -1;
  }
  if (exists && !regular && (S_ISDIR(status.st_mode) || !devices)) {
    error_set(err, "%s: can't be written: it is %s", path, S_ISDIR(status.st_mode) ? "a folder" : "not a regular file");
    return -1;
  }
  if (!regular) {
    int device = open(output->path, O_WRONLY | O_CLOEXEC);
    if (device < 0) fail(path, err);
    return device;
  }
  // A file that may not be written may not be replaced either.
  if (exists && access(output->path, W_OK) != 0) {
    fail(path, err);
    return -1;
  }
  if (asprintf(&output->partial, "%s.partial-%ld", output->path, (long)getpid()) < 0) {
    output->partial = NULL;
    error_set(err, "out of memory");
    return -1;
  }
  int fd = open(output->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    fail(path, err);
    free(output->partial);
    output->partial = NULL;
  }
  return fd;
}

bool output_open(struct output* output, const char* path, struct error* err) {
  int fd = create(output, path, true, err);
  if (fd >= 0) output->file = fdopen(fd, "w");
  if (output->file) return true;
  if (fd >= 0) {
    fail(path, err);
    close(fd);
  }
  output_abandon(output);
  return false;
}

bool output_reserve(struct output* output, const char* path, struct error* err) {
  int fd = create(output, path, false, err);
  if (fd < 0) {
    output_abandon(output);
    return false;
  }
  close(fd);
  return true;
}

bool output_check(const char* path, struct error* err) {
  struct output output;
  struct stat status;
  // Who reads a named pipe would take the closing for the end.
  if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode)) return access(path, W_OK) == 0 || fail(path, err);
  bool ok = output_open(&output, path, err);
  output_abandon(&output);
  return ok;
}

bool output_commit(struct output* output, struct error* err) {
  errno = 0;
  bool ok = true;
  if (output->file) {
    ok = fflush(output->file) == 0 && !ferror(output->file);
    if (fclose(output->file) != 0) ok = false;
    output->file = NULL;
  }
  if (ok && output->partial) ok = rename(output->partial, output->path) == 0;
  if (!ok) {
    fail(output->name, err);
    output_abandon(output);
    return false;
  }
  forget(output);
  return true;
}

bool output_blame(const struct output* output, struct error* err) {
  const char* found = output->partial ? strstr(err->text, output->partial) : NULL;
  if (!found) return false;
  struct error message = *err;
  return error_set(err, "%.*s%s%s", (int)(found - err->text), message.text, output->name,
                   message.text + (found - err->text) + strlen(output->partial));
}

void output_abandon(struct output* output) {
  if (output->file) fclose(output->file);
  if (output->partial) unlink(output->partial);
  forget(output);
}
