// SPDX-License-Identifier: MIT
// Numbers as users write and read them.
#ifndef PAGEWALK_BASE_NUMBER_H
#define PAGEWALK_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

// A whole non-negative number, decimal or with 0x. False if `text` is anything else or does not fit.
bool number_parse(const char* text, uint64_t* value);

// With a comma every three digits: 1,234,567. Returns `text`.
enum { NUMBER_TEXT_MAX = 32 };
const char* number_text(uint64_t value, char text[NUMBER_TEXT_MAX]);

#endif
