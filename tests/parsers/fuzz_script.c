// SPDX-License-Identifier: MIT
// MMU scripts. What was read and is written out must read as the same script; then it runs on the model.
#include <string.h>

#include "parsers/parsers.h"
#include "script/script.h"

static char* write_out(const struct script* script) {
  char* text = NULL;
  size_t length;
  FILE* file = open_memstream(&text, &length);
  PARSER_REQUIRE(file);
  script_write(script, file);
  PARSER_REQUIRE(fclose(file) == 0);
  return text;
}

static void check_writing(const struct script* script, const struct config* base) {
  struct script again;
  struct error err = {.text = ""};
  char* text = write_out(script);
  if (!script_parse(&again, "again", text, strlen(text), base, &err)) {
    fprintf(stderr, "%s\n%s", err.text, text);
    PARSER_REQUIRE(!"what was written can be read");
  }
  char* text_again = write_out(&again);
  PARSER_REQUIRE(strcmp(text, text_again) == 0);
  script_free(&again);
  free(text);
  free(text_again);
}

// Machines of many entries take longer to make than to fuzz.
static bool is_small(const struct config* config) {
  const struct tlb_config* tlbs[] = {&config->itlb, &config->dtlb, &config->stlb};
  const struct cache_config* caches[] = {&config->cache.l1d, &config->cache.l2, &config->cache.l3};
  uint64_t entries = config->psc.pde + config->psc.pdpte + config->psc.pml4e + config->psc.pml5e + config->dram.banks;
  for (int i = 0; i < 3; i++) {
    entries += (uint64_t)tlbs[i]->sets * tlbs[i]->ways + (uint64_t)tlbs[i]->large_sets * tlbs[i]->large_ways;
    entries += (uint64_t)caches[i]->sets * caches[i]->ways;
  }
  return entries < 2048;
}

static void run(const struct script* script) {
  struct error err = {.text = ""};
  struct script_totals totals = {0};
  struct bench bench;
  PARSER_REQUIRE(script_open_bench(script, &bench, ENGINE_MODEL, &err));
  if (!script_run(script, &bench, parser_nowhere(), &totals, &err)) parser_check_refusal(&err);
  bench_close(&bench);
}

void fuzz_script(const uint8_t* data, size_t size) {
  struct error err = {.text = ""};
  struct config base;
  struct script script;
  char* text = parser_text(data, size);
  config_default(&base);
  if (script_parse(&script, "input", text, size, &base, &err)) {
    check_writing(&script, &base);
    if (is_small(&script.config)) run(&script);
    script_free(&script);
  } else {
    parser_check_refusal(&err);
  }
  free(text);
}

PARSER_ENTRY(script)
