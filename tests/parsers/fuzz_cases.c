// SPDX-License-Identifier: MIT
// Case files, replayed on the model: an answer may be wrong, but there must be one.
#include "parsers/parsers.h"
#include "script/cases.h"

void fuzz_cases(const uint8_t* data, size_t size) {
  struct error err = {.text = ""};
  struct case_totals totals = {0};
  bool ok = cases_replay(parser_file(data, size), ENGINE_MODEL, parser_nowhere(), &totals, &err);
  if (!ok) parser_check_refusal(&err);
  PARSER_REQUIRE(ok == (totals.passed + totals.failed > 0));
}

PARSER_ENTRY(cases)
