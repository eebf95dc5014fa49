// SPDX-License-Identifier: MIT
// Text of valgrind's lackey.
#include "parsers/parsers.h"
#include "workload/trace.h"

void fuzz_lackey(const uint8_t* data, size_t size) { parser_trace(data, size, TRACE_LACKEY); }

PARSER_ENTRY(lackey)
