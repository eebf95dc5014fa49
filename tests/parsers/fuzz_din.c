// SPDX-License-Identifier: MIT
// Dinero's text.
#include "parsers/parsers.h"
#include "workload/trace.h"

void fuzz_din(const uint8_t* data, size_t size) { parser_trace(data, size, TRACE_DIN); }

PARSER_ENTRY(din)
