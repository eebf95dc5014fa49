// SPDX-License-Identifier: MIT
// The fuzzers of everything that reads what a user supplies. Each parser NAME has one file, fuzz_NAME.c, with one
// function that gives a parser any bytes and aborts if it does something that no input may make it do; what it reads
// and writes beyond its bounds is the sanitizers' affair. tests/parsers/corpus/NAME/ holds inputs to start from, among
// them every one that once showed a bug.
//
// The function runs under libFuzzer (`make fuzz-parsers`) and, without clang, in test_parsers.
#ifndef PAGEWALK_TESTS_PARSERS_PARSERS_H
#define PAGEWALK_TESTS_PARSERS_PARSERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

#define PARSERS(X) X(lackey) X(din) X(binary) X(compressed) X(yaml) X(set) X(generate) X(cases) X(script) X(elf)

#define PARSER_DECLARE(name) void fuzz_##name(const uint8_t* data, size_t size);
PARSERS(PARSER_DECLARE)
#undef PARSER_DECLARE

// The entry point that libFuzzer wants, in a build for it.
#ifdef PARSER_LIBFUZZER
#define PARSER_ENTRY(name)                                       \
  int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);  \
  int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    fuzz_##name(data, size);                                     \
    return 0;                                                    \
  }
#else
#define PARSER_ENTRY(name)
#endif

#define PARSER_REQUIRE(condition)                                    \
  do {                                                               \
    if (!(condition)) parser_broken(#condition, __FILE__, __LINE__); \
  } while (0)
_Noreturn void parser_broken(const char* claim, const char* file, int line);

// The path of a file that holds these bytes, for parsers that want one. The next call overwrites it.
const char* parser_file(const uint8_t* data, size_t size);

// The bytes as a string of its own, ended by a 0, so that reading beyond it is noticed. The caller frees it.
char* parser_text(const uint8_t* data, size_t size);

// Somewhere to print to that nobody looks at.
FILE* parser_nowhere(void);

// A refusal must say why, in one line of printable characters.
void parser_check_refusal(const struct error* err);

// Loads the bytes as a trace (enum trace_format) and, if they are one, checks it and what else is done with traces.
void parser_trace(const uint8_t* data, size_t size, int format);

#endif
