// SPDX-License-Identifier: MIT
// What follows --set, one assignment a line.
#include <string.h>

#include "config/config.h"
#include "parsers/parsers.h"

void fuzz_set(const uint8_t* data, size_t size) {
  struct error err = {.text = ""};
  struct config config;
  char *text = parser_text(data, size), *save = NULL;
  config_default(&config);
  for (char* line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
    struct config before = config;
    if (config_set(&config, line, &err)) continue;
    parser_check_refusal(&err);
    PARSER_REQUIRE(memcmp(&before, &config, sizeof config) == 0);
  }
  if (!config_validate(&config, &err)) parser_check_refusal(&err);
  free(text);
}

PARSER_ENTRY(set)
