// SPDX-License-Identifier: MIT
#include "cli/instructions.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "machine/ram.h"

enum { SPELLED = 3 * CORE_INSTRUCTION_BYTES + 1 };

// The bytes that a fetch has got: they lie in memory, in one frame or two.
static unsigned fetched_bytes(const struct instructions* trace, const struct machine_reference* reference,
                              uint8_t bytes[CORE_INSTRUCTION_BYTES]) {
  const struct ram* ram = machine_ram(trace->run->machine);
  const struct answer* answer = &reference->answer;
  unsigned size = reference->ref.size, first = 4096 - (unsigned)(answer->pa & 4095);
  if (size > CORE_INSTRUCTION_BYTES || !reference->answered) return 0;
  if (first > size) first = size;
  if (answer->pa + first > ram_bytes(ram) || answer->across + (size - first) > ram_bytes(ram)) return 0;
  ram_read(ram, answer->pa, bytes, first);
  ram_read(ram, answer->across, bytes + first, size - first);
  return size;
}

// "L1, 1 cycle, at 00123456" or how it faulted.
static void print_answer(FILE* out, const struct machine_reference* reference) {
  static const char* const paths[] = {
      [PATH_OFF] = "no paging", [PATH_L1] = "L1", [PATH_STLB] = "second level", [PATH_WALK] = "walk"};
  const struct answer* answer = &reference->answer;
  uint64_t cycles = answer->cycle - answer->accept + 1 + answer->data;
  if (reference->answered)
    fprintf(out, "%s, %" PRIu64 " cycle%s, at %08" PRIx64, paths[answer->path], cycles, cycles == 1 ? "" : "s",
            answer->pa);
  else if (answer->fault == FAULT_PF)
    fprintf(out, "page fault at %08" PRIx64 ", error code %u, %" PRIu64 " cycles", answer->cr2, answer->error, cycles);
  else
    fprintf(out, "%s", answer->fault == FAULT_GP ? "forbidden by its segment" : "bus error");
  if (answer->across) fprintf(out, " and %08" PRIx64, answer->across);
}

static void print_instruction(const struct instructions* trace, const struct machine_reference* reference) {
  uint8_t bytes[CORE_INSTRUCTION_BYTES];
  char place[EXECUTION_PLACE_MAX], spelled[SPELLED] = "", cycle[NUMBER_TEXT_MAX];
  uint32_t eip = (uint32_t)reference->ref.va;
  int pid = kernel_current(machine_kernel(trace->run->machine));
  unsigned count = fetched_bytes(trace, reference, bytes), length;
  for (unsigned i = 0; i < count; i++) snprintf(spelled + 3 * i, SPELLED - 3 * i, "%02x ", bytes[i]);
  const char* name = core_instruction_name(bytes, count, &length);
  execution_place(trace->run, pid, eip, place);
  uint64_t at = reference->answer.accept - trace->run->start.now;
  fprintf(trace->file, "%12s  %d  %08" PRIx32 "  %-28s %-8s %-24s ", number_text(at, cycle), pid, eip, place,
          name ? name : "-", spelled);
  print_answer(trace->file, reference);
  fputc('\n', trace->file);
}

static void print_data(const struct instructions* trace, const struct machine_reference* reference) {
  fprintf(trace->file, "%34s %-5s %08" PRIx64 ", %u byte%s: ", "",
          reference->ref.kind == ACCESS_WRITE ? "write" : "read", reference->ref.va, reference->ref.size,
          reference->ref.size == 1 ? "" : "s");
  print_answer(trace->file, reference);
  fputc('\n', trace->file);
}

static void on_reference(void* ctx, const struct machine_reference* reference) {
  const struct instructions* trace = ctx;
  if (reference->ref.kind == ACCESS_FETCH)
    print_instruction(trace, reference);
  else
    print_data(trace, reference);
}

bool instructions_open(struct instructions* trace, struct execution* run, const char* path, struct error* err) {
  bool printed = strcmp(path, "-") == 0;
  if (!printed && !output_open(&trace->output, path, err)) return false;
  trace->run = run;
  trace->file = printed ? stdout : trace->output.file;
  fprintf(trace->file, "%12s  pid  %-8s  %-28s %-8s %-24s fetch\n", "cycle", "address", "in", "does", "bytes");
  machine_on_reference(run->machine, on_reference, trace);
  return true;
}

bool instructions_close(struct instructions* trace, bool keep, struct error* err) {
  if (trace->run && trace->run->machine) machine_on_reference(trace->run->machine, NULL, NULL);
  bool file = trace->file && trace->file != stdout;
  trace->file = NULL;
  if (file && keep) return output_commit(&trace->output, err);
  output_abandon(&trace->output);
  return true;
}
