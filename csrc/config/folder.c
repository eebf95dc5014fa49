// SPDX-License-Identifier: MIT
// The machines that come with Pagewalk: the files of configs/.
#include "config/folder.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER PAGEWALK_ROOT "/configs/"
#define ENDING ".yaml"

static char* bare_name(const char* path) {
  const char* slash = strrchr(path, '/');
  const char* start = slash ? slash + 1 : path;
  size_t length = strlen(start), ending = strlen(ENDING);
  if (length > ending && strcmp(start + length - ending, ENDING) == 0) length -= ending;
  return strndup(start, length);
}

char** config_names(void) {
  glob_t found = {.gl_pathc = 0};
  bool any = glob(FOLDER "*" ENDING, 0, NULL, &found) == 0;
  size_t count = any ? found.gl_pathc : 0;
  char** names = calloc(count + 1, sizeof *names);
  if (names)
    for (size_t i = 0; i < count; i++) names[i] = bare_name(found.gl_pathv[i]);
  if (any) globfree(&found);
  return names;
}

void config_names_free(char** names) {
  if (!names) return;
  for (size_t i = 0; names[i]; i++) free(names[i]);
  free(names);
}

void config_path(const char* name, char path[CONFIG_PATH_MAX]) {
  if (!strchr(name, '/')) {
    snprintf(path, CONFIG_PATH_MAX, FOLDER "%s" ENDING, name);
    if (access(path, F_OK) == 0) return;
  }
  snprintf(path, CONFIG_PATH_MAX, "%s", name);
}
