// SPDX-License-Identifier: MIT
// The printf family: one formatter, which hands characters to a sink. Output goes through a small buffer, so that a
// line is one system call.
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stream {
  int fd;
};
static FILE output_stream = {STDOUT_FILENO}, error_stream = {STDERR_FILENO};
FILE *const stdout = &output_stream, *const stderr = &error_stream;

// Where characters go: into memory, with what does not fit counted only; or to a file whenever the buffer is full.
struct sink {
  char* buffer;
  size_t room, used;
  int fd;  // -1: memory
  size_t total;
};

static void flush(struct sink* sink) {
  for (size_t done = 0; done < sink->used;) {
    ssize_t written = write(sink->fd, sink->buffer + done, sink->used - done);
    if (written <= 0) break;
    done += (size_t)written;
  }
  sink->used = 0;
}

static void put(struct sink* sink, char c) {
  sink->total++;
  if (sink->used == sink->room) {
    if (sink->fd < 0) return;
    flush(sink);
  }
  sink->buffer[sink->used++] = c;
}

static void put_bytes(struct sink* sink, const char* bytes, size_t count) {
  for (; count > 0; count--) put(sink, *bytes++);
}

static void put_many(struct sink* sink, char c, int count) {
  for (; count > 0; count--) put(sink, c);
}

// What stands between the % and the letter.
struct conversion {
  bool left, zero;
  int width, precision;  // precision -1: none
  int size;              // 0 int, 1 long, 2 long long; -1 short, -2 char
};

static int read_count(const char** format, va_list* arguments) {
  int count = 0;
  if (**format == '*') {
    (*format)++;
    return va_arg(*arguments, int);
  }
  for (; isdigit(**format); (*format)++) count = count * 10 + (**format - '0');
  return count;
}

static struct conversion read_conversion(const char** format, va_list* arguments) {
  struct conversion c = {.precision = -1};
  for (; **format == '-' || **format == '0'; (*format)++) *(**format == '-' ? &c.left : &c.zero) = true;
  c.width = read_count(format, arguments);
  if (c.width < 0) {
    c.left = true;
    c.width = -c.width;
  }
  if (**format == '.') {
    (*format)++;
    c.precision = read_count(format, arguments);
  }
  for (;; (*format)++) {
    if (**format == 'l') {
      c.size++;
    } else if (**format == 'h') {
      c.size--;
    } else if (**format != 'z') {
      return c;
    }
  }
}

static void put_padded(struct sink* sink, const struct conversion* c, const char* sign, const char* text,
                       size_t length) {
  int padding = c->width - (int)(strlen(sign) + length);
  if (!c->left && !c->zero) put_many(sink, ' ', padding);
  put_bytes(sink, sign, strlen(sign));
  if (!c->left && c->zero) put_many(sink, '0', padding);
  put_bytes(sink, text, length);
  if (c->left) put_many(sink, ' ', padding);
}

static void put_number(struct sink* sink, const struct conversion* c, const char* sign, uint64_t value, unsigned base,
                       bool capitals) {
  char text[24];
  char* at = text + sizeof text;
  const char* digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
  for (; value >> 32; value /= base) *--at = digits[value % base];
  uint32_t low = (uint32_t)value;  // most numbers are small, and 32 bits are divided by one instruction
  do *--at = digits[low % base];
  while (low /= base);
  put_padded(sink, c, sign, at, (size_t)(text + sizeof text - at));
}

static uint64_t unsigned_argument(const struct conversion* c, va_list* arguments) {
  if (c->size > 1) return va_arg(*arguments, uint64_t);
  unsigned value = va_arg(*arguments, unsigned);
  return c->size == -1 ? (uint16_t)value : c->size < -1 ? (uint8_t)value : value;
}

static void put_signed(struct sink* sink, const struct conversion* c, va_list* arguments) {
  int64_t value = c->size > 1 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
  if (c->size == -1) value = (int16_t)value;
  if (c->size < -1) value = (int8_t)value;
  put_number(sink, c, value < 0 ? "-" : "", value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false);
}

static void put_text(struct sink* sink, const struct conversion* c, const char* text) {
  if (!text) text = "(null)";
  put_padded(sink, c, "", text, c->precision < 0 ? strlen(text) : strnlen(text, (size_t)c->precision));
}

static void put_pointer(struct sink* sink, const struct conversion* c, const void* pointer) {
  if (pointer)
    put_number(sink, c, "0x", (uintptr_t)pointer, 16, false);
  else
    put_padded(sink, c, "", "(nil)", 5);
}

static void convert(struct sink* sink, struct conversion* c, char letter, va_list* arguments) {
  char character;
  switch (letter) {
    case 'd':
    case 'i':
      put_signed(sink, c, arguments);
      break;
    case 'u':
      put_number(sink, c, "", unsigned_argument(c, arguments), 10, false);
      break;
    case 'o':
      put_number(sink, c, "", unsigned_argument(c, arguments), 8, false);
      break;
    case 'x':
    case 'X':
      put_number(sink, c, "", unsigned_argument(c, arguments), 16, letter == 'X');
      break;
    case 'p':
      put_pointer(sink, c, va_arg(*arguments, void*));
      break;
    case 's':
      put_text(sink, c, va_arg(*arguments, const char*));
      break;
    case 'c':
      character = (char)va_arg(*arguments, int);
      put_padded(sink, c, "", &character, 1);
      break;
    case '%':
      put(sink, '%');
      break;
    default:
      fprintf(stderr, "printf: %%%c is not known here (floating point is not)\n", letter);
      abort();
  }
}

static void format_into(struct sink* sink, const char* format, va_list* arguments) {
  while (*format) {
    if (*format != '%') {
      put(sink, *format++);
      continue;
    }
    format++;
    struct conversion c = read_conversion(&format, arguments);
    convert(sink, &c, *format, arguments);
    if (*format) format++;
  }
}

int vfprintf(FILE* stream, const char* format, va_list arguments) {
  char buffer[128];
  struct sink sink = {buffer, sizeof buffer, 0, stream->fd, 0};
  va_list list;
  va_copy(list, arguments);
  format_into(&sink, format, &list);
  va_end(list);
  flush(&sink);
  return (int)sink.total;
}

int vsnprintf(char* to, size_t room, const char* format, va_list arguments) {
  struct sink sink = {to, room ? room - 1 : 0, 0, -1, 0};
  va_list list;
  va_copy(list, arguments);
  format_into(&sink, format, &list);
  va_end(list);
  if (room) to[sink.used] = '\0';
  return (int)sink.total;
}

int vprintf(const char* format, va_list arguments) { return vfprintf(stdout, format, arguments); }

int printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int total = vfprintf(stdout, format, arguments);
  va_end(arguments);
  return total;
}

int fprintf(FILE* stream, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int total = vfprintf(stream, format, arguments);
  va_end(arguments);
  return total;
}

int snprintf(char* to, size_t room, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int total = vsnprintf(to, room, format, arguments);
  va_end(arguments);
  return total;
}

int sprintf(char* to, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int total = vsnprintf(to, (size_t)INT32_MAX, format, arguments);
  va_end(arguments);
  return total;
}

int puts(const char* text) { return printf("%s\n", text); }
int fputs(const char* text, FILE* stream) { return (int)write(stream->fd, text, strlen(text)); }
int putchar(int c) { return printf("%c", c) == 1 ? (unsigned char)c : EOF; }
