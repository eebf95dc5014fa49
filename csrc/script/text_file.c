// SPDX-License-Identifier: MIT
#include "script/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_FILE_MAX = 64 << 20 };

static bool read_all(FILE* file, const char* path, const char* what, char** text, size_t* length, struct error* err) {
  size_t room = 1 << 16;
  *length = 0;
  *text = malloc(room);
  while (*text) {
    *length += fread(*text + *length, 1, room - *length - 1, file);
    if (*length < room - 1) break;
    if (room >= TEXT_FILE_MAX) {
      free(*text);
      return error_set(err, "%s: larger than %d MiB, so it is not %s", path, TEXT_FILE_MAX >> 20, what);
    }
    char* larger = realloc(*text, room *= 2);
    if (!larger) free(*text);
    *text = larger;
  }
  if (!*text) return error_set(err, "out of memory");
  if (ferror(file)) {
    free(*text);
    return error_set(err, "%s: can't be read: %s", path, strerror(errno));
  }
  (*text)[*length] = 0;
  return true;
}

bool text_file_read(const char* path, const char* what, char** text, size_t* length, struct error* err) {
  struct stat status;
  FILE* file = fopen(path, "r");
  if (!file) return error_set(err, "%s: can't be opened: %s; give the path of %s", path, strerror(errno), what);
  bool ok;
  if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))
    ok = error_set(err, "%s: is a directory; give the path of %s", path, what);
  else
    ok = read_all(file, path, what, text, length, err);
  fclose(file);
  return ok;
}
