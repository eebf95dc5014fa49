// SPDX-License-Identifier: MIT
// What follows --generate. Of what is made only a little is taken, however much the words ask for.
#include <string.h>

#include "parsers/parsers.h"
#include "workload/trace.h"

// Some generators keep a table of their pages: gigabytes for numbers that are large but still allowed.
static bool takes_long(const char* text) {
  for (size_t digits; *text; text += digits ? digits : 1) {
    digits = strspn(text, "0123456789");
    if (digits >= 5 && digits <= 11) return true;
  }
  return false;
}

void fuzz_generate(const uint8_t* data, size_t size) {
  const struct trace_options options = {.count = 100};
  struct error err = {.text = ""};
  struct trace trace;
  char* text = parser_text(data, size);
  if (takes_long(text)) {
    free(text);
    return;
  }
  if (trace_generate(&trace, text, size, &options, &err)) {
    PARSER_REQUIRE(trace.count > 0 && trace.count <= options.count);
    trace_free(&trace);
  } else {
    PARSER_REQUIRE(*err.text);  // its lines list the generators
  }
  free(text);
}

PARSER_ENTRY(generate)
