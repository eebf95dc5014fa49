// SPDX-License-Identifier: MIT
// A trace of a kind that its content tells, compressed or not.
#include "parsers/parsers.h"
#include "workload/trace.h"

void fuzz_compressed(const uint8_t* data, size_t size) { parser_trace(data, size, TRACE_DETECT); }

PARSER_ENTRY(compressed)
