// SPDX-License-Identifier: MIT
// Machines as YAML. One that is read and sound is the same machine when its keys are set one by one.
#include "config/config.h"
#include "parsers/parsers.h"

static void set_again(void* ctx, const char* key, const char* value) {
  char assignment[128];
  snprintf(assignment, sizeof assignment, "%s=%s", key, value);
  PARSER_REQUIRE(config_set(ctx, assignment, NULL));
}

void fuzz_yaml(const uint8_t* data, size_t size) {
  struct error err = {.text = ""};
  struct config config, again;
  config_default(&config);
  if (!config_load(&config, parser_file(data, size), &err) || !config_validate(&config, &err)) {
    parser_check_refusal(&err);
    return;
  }
  config_default(&again);
  config_visit(&config, set_again, &again);
  PARSER_REQUIRE(config_hash(&again) == config_hash(&config));
}

PARSER_ENTRY(yaml)
