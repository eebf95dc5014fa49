// SPDX-License-Identifier: MIT
// A run as JSON. Keys, units and meaning: docs/json.md.
#include <jansson.h>
#include <string.h>

#include "base/version.h"
#include "config/keys.h"
#include "report/report.h"

static void put(json_t* object, const char* key, uint64_t value) {
  json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void put_hex(json_t* object, const char* key, uint64_t value) {
  json_object_set_new(object, key, json_sprintf("%016llx", (unsigned long long)value));
}

// JSON is UTF-8; file names need not be.
static json_t* text_json(const char* text) {
  json_t* json = json_string(text);
  if (json) return json;
  char plain[256];
  size_t i = 0;
  for (; text[i] && i < sizeof plain - 1; i++) plain[i] = (unsigned char)text[i] < 128 ? text[i] : '?';
  plain[i] = '\0';
  return json_string(plain);
}

// Puts `value` below dotted `key`, making the objects on the way.
static void put_dotted(json_t* object, const char* key, json_t* value) {
  for (const char* dot; (dot = strchr(key, '.')); key = dot + 1) {
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(dot - key), key);
    if (!json_object_get(object, word)) json_object_set_new(object, word, json_object());
    object = json_object_get(object, word);
  }
  json_object_set_new(object, key, value);
}

static json_t* value_json(const struct config_key* key, uint64_t value) {
  if (config_key_is_switch(key)) return json_boolean(value);
  return key->choices ? json_string(key->choices[value]) : json_integer((json_int_t)value);
}

static json_t* config_json(const struct config* config) {
  json_t* object = json_object();
  json_object_set_new(object, "name", text_json(config->name));
  for (size_t i = 0; i < config_key_count; i++) {
    const struct config_key* key = &config_keys[i];
    put_dotted(object, key->name, value_json(key, config_key_get(key, config)));
  }
  return object;
}

static json_t* trace_json(const struct report* report) {
  json_t* object = json_object();
  json_object_set_new(object, "name", text_json(report->workload));
  json_object_set_new(object, "format", json_string(report->format));
  put(object, "references", report->trace_refs);
  put(object, "warm", report->warm);
  put(object, "pages", report->trace_pages);
  put(object, "folded_regions", report->regions);
  return object;
}

static json_t* tlb_json(const struct tlb_counters* tlb) {
  json_t* object = json_object();
  put(object, "hits", tlb->hits);
  put(object, "misses", tlb->misses);
  put(object, "fills", tlb->fills);
  put(object, "evictions", tlb->evictions);
  put(object, "drops", tlb->drops);
  return object;
}

static json_t* cache_json(const struct cache_counters* cache) {
  json_t* object = json_object();
  put(object, "walk_hits", cache->walk_hits);
  put(object, "walk_misses", cache->walk_misses);
  put(object, "data_hits", cache->data_hits);
  put(object, "data_misses", cache->data_misses);
  return object;
}

// Every counter that is not 0, by its name.
static json_t* all_counters_json(const struct counters* counters) {
  const uint64_t* value = (const uint64_t*)counters;
  json_t* object = json_object();
  for (size_t i = 0; counter_names[i]; i++)
    if (value[i]) put_dotted(object, counter_names[i], json_integer((json_int_t)value[i]));
  return object;
}

// The counters that a process and the kernel have alike. What the machine does not have counts nothing.
static void put_counters(json_t* object, const struct counters* counters) {
  json_t *psc = json_object(), *cache = json_object();
  for (size_t i = 0; i < REPORT_PSCS; i++) json_object_set_new(psc, report_pscs[i].name, tlb_json(&counters->psc[i]));
  for (size_t i = 0; i < CACHE_LEVELS; i++)
    json_object_set_new(cache, report_caches[i].name, cache_json(&counters->cache[i]));
  put(cache, "writebacks", counters->writebacks);
  put(object, "accesses", counters->refs);
  json_object_set_new(object, "itlb", tlb_json(&counters->itlb));
  json_object_set_new(object, "dtlb", tlb_json(&counters->dtlb));
  json_object_set_new(object, "stlb", tlb_json(&counters->stlb));
  json_object_set_new(object, "psc", psc);
  json_object_set_new(object, "cache", cache);
  put(object, "merged", counters->merged);
  put(object, "walks", counters->walks);
  put(object, "walk_refs", counters->walk_refs);
  put(object, "walk_cycles", counters->walk_cycles);
  put(object, "ad_updates", counters->ad_updates);
  put(object, "cas_failures", counters->cas_failures);
  json_object_set_new(object, "counters", all_counters_json(counters));
}

static json_t* kernel_json(const struct report* report) {
  const struct kernel_stats* os = &report->os;
  json_t *object = json_object(), *frames = json_object();
  put_counters(object, &report->kernel);
  put(object, "zero_fills", os->zero_fills);
  put(object, "program_fills", os->program_fills);
  put(object, "swap_ins", os->swap_ins);
  put(object, "swap_outs", os->swap_outs);
  put(object, "evictions", os->evictions);
  put(object, "evictions_clean", os->evictions_clean);
  put(object, "invlpgs", os->invlpgs);
  put(object, "invpcids", os->invpcids);
  put(object, "checksum_errors", os->checksum_errors);
  put(object, "swap_used", os->swap_used);
  put(frames, "total", os->frames_total);
  put(frames, "free", os->frames_free);
  put(frames, "kernel", os->frames_kernel);
  put(frames, "tables", os->frames_tables);
  put(frames, "process", os->frames_process);
  put(frames, "process_peak", os->frames_process_peak);
  json_object_set_new(object, "frames", frames);
  return object;
}

static json_t* faults_json(const struct kernel_stats* os) {
  json_t* object = json_object();
  put(object, "minor", os->faults_minor);
  put(object, "major", os->faults_major);
  put(object, "protection", os->faults_protection);
  return object;
}

static json_t* cycles_json(const struct report* report) {
  struct report_part parts[REPORT_PARTS];
  report_parts(report, parts);
  json_t* object = json_object();
  for (size_t i = 0; i < REPORT_PARTS; i++) put(object, parts[i].name, parts[i].cycles);
  return object;
}

static json_t* killed_json(const struct report* report) {
  if (!report->killed) return json_null();
  json_t* object = json_object();
  put(object, "pid", (uint64_t)report->kill.pid);
  put_hex(object, "address", report->kill.cr2);
  put(object, "error_code", report->kill.error);
  json_object_set_new(object, "reason", json_string(report->kill.reason));
  return object;
}

// How a process ended: null while it has not.
static json_t* status_json(const struct report_process* process) {
  if (!process->ended) return json_null();
  json_t* object = json_object();
  uint64_t signal = process->status & 0x7f;
  json_object_set_new(object, "exit", signal ? json_null() : json_integer((json_int_t)(process->status >> 8 & 0xff)));
  json_object_set_new(object, "signal", signal ? json_integer((json_int_t)signal) : json_null());
  return object;
}

static json_t* processes_json(const struct report_program* program) {
  json_t* array = json_array();
  for (size_t i = 0; i < program->process_count && i < REPORT_PROCESSES_MAX; i++) {
    const struct report_process* process = &program->processes[i];
    json_t* object = json_object();
    put(object, "pid", (uint64_t)process->pid);
    json_object_set_new(object, "name", text_json(process->name));
    json_object_set_new(object, "end", status_json(process));
    json_array_append_new(array, object);
  }
  return array;
}

// What only runs without paging have.
static json_t* images_json(const struct kernel_stats* os) {
  json_t* object = json_object();
  put(object, "out", os->images_out);
  put(object, "in", os->images_in);
  put(object, "moves", os->image_moves);
  put(object, "placements_failed", os->placements_failed);
  put(object, "internal_bytes", os->internal_bytes);
  put(object, "external_bytes", os->external_bytes);
  put(object, "holes", os->holes);
  put(object, "largest_hole", os->largest_hole);
  return object;
}

static json_t* program_json(const struct report* report) {
  const struct report_program* program = report->program;
  if (!program) return json_null();
  json_t* object = json_object();
  json_object_set_new(object, "command", text_json(report->workload));
  json_object_set_new(object, "sharing", json_string(kernel_sharing_names[program->sharing]));
  json_object_set_new(object, "tagging", json_string(report_tagging_names[program->tagging]));
  put(object, "quantum", program->quantum);
  put(object, "instructions", program->instructions);
  put(object, "calls", report->os.calls);
  put(object, "interrupts", report->os.interrupts);
  put(object, "switches", report->os.switches);
  put(object, "switch_cycles", report->os.switch_cycles);
  json_object_set_new(object, "processes", processes_json(program));
  json_object_set_new(object, "images", images_json(&report->os));
  return object;
}

bool report_json(FILE* out, const struct report* report, struct error* err) {
  json_t* root = json_object();
  json_object_set_new(root, "version", json_string(PAGEWALK_VERSION));
  json_object_set_new(root, "engine", json_string(engine_kind_name(report->engine)));
  json_object_set_new(root, "paging", json_string(report->eager ? "eager" : "demand"));
  put(root, "frames", report->frames);
  put(root, "seed", report->seed);
  json_object_set_new(root, "partial", json_boolean(report->partial));
  json_object_set_new(root, "killed", killed_json(report));
  json_object_set_new(root, "trace", trace_json(report));
  put_hex(root, "trace_hash", report->trace_hash);
  json_object_set_new(root, "program", program_json(report));
  json_object_set_new(root, "config", config_json(&report->config));
  put_hex(root, "config_hash", config_hash(&report->config));
  put(root, "cycles", report_cycles(report));
  json_object_set_new(root, "cycles_by", cycles_json(report));
  put_counters(root, &report->process);
  json_object_set_new(root, "faults", faults_json(&report->os));
  json_object_set_new(root, "kernel", kernel_json(report));
  bool ok = json_dumpf(root, out, JSON_INDENT(2)) == 0;
  json_decref(root);
  fputc('\n', out);
  return ok || ferror(out) ? true : error_set(err, "out of memory for the JSON report");
}
