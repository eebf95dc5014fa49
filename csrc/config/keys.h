// SPDX-License-Identifier: MIT
// The one table of config keys. YAML files, `--set`, ranges, listings, JSON and hashes are all driven by it.
#ifndef PAGEWALK_CONFIG_KEYS_H
#define PAGEWALK_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct config_key {
  const char* name;  // dotted
  const char* help;  // one line, with the unit
  size_t offset;     // in struct config
  size_t size;       // of the field: 4 or 8 bytes
  uint64_t min, max;
  bool power_of_two;           // 0 is one too, where min allows it
  const char* const* choices;  // names of an enumeration's values (then min and max are those on offer), or NULL
  size_t choice_count;         // of choices; those above max come with a later version
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

uint64_t config_key_get(const struct config_key* key, const struct config* config);
void config_key_put(const struct config_key* key, struct config* config, uint64_t value);

// Its values are false and true.
bool config_key_is_switch(const struct config_key* key);

// The value as it would be written in a file.
enum { CONFIG_VALUE_MAX = 24 };
const char* config_key_text(const struct config_key* key, uint64_t value, char text[CONFIG_VALUE_MAX]);
// What is allowed: "1..64", "0 or a power of two up to 4096", "none, 32-bit or pae".
void config_key_range(const struct config_key* key, char* text, size_t room);

const struct config_key* config_key_find(const char* name);
// Sets the message for a name that is no key: a suggestion, or that it comes with a later version. Returns false.
bool config_key_unknown(const char* name, struct error* err);
// Reads a value and checks it against the key's own range. The message names the key.
bool config_key_parse(const struct config_key* key, const char* text, uint64_t* value, struct error* err);
bool config_key_check(const struct config_key* key, uint64_t value, struct error* err);

#endif
