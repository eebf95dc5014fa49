// SPDX-License-Identifier: MIT
// Builds short texts without libc. Always ends with a zero byte; what does not fit is cut off.
#ifndef PAGEWALK_FIRMWARE_LIB_TEXT_H
#define PAGEWALK_FIRMWARE_LIB_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
  char* next;
  size_t room;  // bytes left, the zero byte's included
};

// An empty text in buffer[0..bytes), bytes > 0.
struct text text_in(char* buffer, size_t bytes);
void text_add(struct text* text, const char* words);
void text_add_number(struct text* text, uint64_t number);  // decimal
void text_add_hex(struct text* text, uint64_t number);     // 0x..., eight digits at least

#endif
