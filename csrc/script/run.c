// SPDX-License-Identifier: MIT
// Operations on a bench: does each, prints what came, compares it with what was expected.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/serial.h"
#include "engine/watchdog.h"
#include "script/names.h"
#include "script/script.h"
#include "script/show.h"

struct runner {
  const struct script* script;
  struct bench* bench;
  FILE* out;
  struct script_totals* totals;
  struct error* err;
  // `at` operations that wait for the next access, and the actions and accesses made of them.
  const struct script_op** timed;
  struct bench_action* actions;
  struct bench_access* accesses;
  size_t n_timed;
};

static bool stop(struct runner* runner, const struct script_op* op) {
  const char* report = NULL;
  if (!engine_agrees(runner->bench->engine, &report) && report) fputs(report, runner->out);
  return error_prefix(runner->err, "%s:%u", runner->script->name, op->line);
}

// ---------------------------------------------------------------------------------------------------------------------
// Lines and verdicts

static void print_line(struct runner* runner, const struct script_op* op, const struct script_result* results,
                       unsigned n_results) {
  fprintf(runner->out, "%5u  ", op->line);
  script_write_op(op, false, runner->out);
  for (unsigned i = 0; i < n_results; i++) {
    fputs(i ? " ; " : " => ", runner->out);
    script_write_result(&results[i], runner->out);
  }
  fputc('\n', runner->out);
}

static bool same_field(const struct script_result* a, const struct script_result* b, enum script_field field) {
  switch (field) {
    case FIELD_OUTCOME:
      return a->outcome == b->outcome;
    case FIELD_PA:
      return a->pa == b->pa;
    case FIELD_ERR:
      return a->err == b->err;
    case FIELD_CR2:
      return a->cr2 == b->cr2;
    case FIELD_PATH:
      return a->path == b->path;
    case FIELD_READS:
      return a->reads == b->reads;
    case FIELD_CYCLES:
      return a->cycles == b->cycles;
    case FIELD_MERGED:
      return a->merged == b->merged;
  }
  return false;
}

static void print_field(const struct script_result* result, enum script_field field, FILE* out) {
  struct script_result one = *result;
  one.fields &= field;
  if (!one.fields || (field == FIELD_MERGED && !one.merged))
    fputs("nothing of the kind", out);
  else
    script_write_result(&one, out);
}

static bool compare(struct runner* runner, const struct script_op* op, const struct script_result* expect,
                    const struct script_result* got) {
  bool met = true;
  for (unsigned field = FIELD_OUTCOME; field <= FIELD_MERGED; field <<= 1) {
    if (!(expect->fields & field)) continue;
    if ((got->fields & field) && same_field(expect, got, field)) continue;
    met = false;
    fprintf(runner->out, "%s:%u: expected ", runner->script->name, op->line);
    print_field(expect, field, runner->out);
    fputs(", got ", runner->out);
    print_field(got, field, runner->out);
    fputc('\n', runner->out);
  }
  return met;
}

static void judge(struct runner* runner, const struct script_op* op, const struct script_result* got, unsigned n) {
  bool met = true;
  print_line(runner, op, got, n);
  if (!op->expect[0].fields) return;
  for (unsigned i = 0; i < n; i++) met &= compare(runner, op, &op->expect[i], &got[i]);
  ++*(met ? &runner->totals->passed : &runner->totals->failed);
}

static void judge_counters(struct runner* runner, const struct script_op* op) {
  struct counters counters;
  bool met = true;
  engine_counters(runner->bench->engine, &counters);
  for (unsigned i = 0; i < op->n_counts; i++) {
    unsigned counter = op->counts[i].counter;
    uint64_t expected = op->counts[i].value, got = ((const uint64_t*)&counters)[counter];
    if (got == expected) continue;
    met = false;
    fprintf(runner->out, "%s:%u: expected %s=%" PRIu64 ", got %" PRIu64 "\n", runner->script->name, op->line,
            counter_names[counter], expected, got);
  }
  ++*(met ? &runner->totals->passed : &runner->totals->failed);
}

static struct script_result result_of_control(bool gp, uint64_t cycles) {
  return (struct script_result){
      .fields = FIELD_OUTCOME | FIELD_CYCLES, .outcome = gp ? OUTCOME_GP : OUTCOME_OK, .cycles = cycles};
}

static struct script_result result_of_answer(const struct answer* answer) {
  static const enum script_outcome outcomes[] = {
      [FAULT_NONE] = OUTCOME_OK, [FAULT_PF] = OUTCOME_PF, [FAULT_GP] = OUTCOME_GP, [FAULT_BUS] = OUTCOME_BUS};
  struct script_result result = {.fields = FIELD_OUTCOME | FIELD_PATH | FIELD_READS | FIELD_CYCLES | FIELD_MERGED,
                                 .outcome = outcomes[answer->fault],
                                 .path = answer->path,
                                 .merged = answer->merged,
                                 .pa = answer->pa,
                                 .err = answer->error,
                                 .cr2 = answer->cr2,
                                 .reads = answer->reads,
                                 .cycles = answer->cycle - answer->accept + 1};
  if (answer->fault == FAULT_NONE) result.fields |= FIELD_PA;
  if (answer->fault == FAULT_PF) result.fields |= FIELD_ERR | FIELD_CR2;
  return result;
}

// ---------------------------------------------------------------------------------------------------------------------
// Operations

// A 32-bit mode has no linear addresses beyond 4 GiB; the script means something else than it says.
static bool address_fits(struct runner* runner, const struct script_op* op, uint64_t va) {
  if ((va & ~bench_va_mask(runner->bench)) == 0) return true;
  error_set(runner->err,
            "the linear address %" PRIx64
            " is wider than the 32 bits of the mode that the registers select: use one "
            "below 100000000",
            va);
  return stop(runner, op);
}

static bool operand_fits(struct runner* runner, const struct script_op* op) {
  bool address = op->control.op == CONTROL_INVLPG || (op->control.op == CONTROL_INVPCID && op->control.type == 0);
  return op->kind != SCRIPT_CONTROL || !address || address_fits(runner, op, op->control.value);
}

static struct bench_action action_of(const struct script_op* op) {
  return (struct bench_action){.at = op->timed ? op->at : 0,
                               .is_control = op->kind == SCRIPT_CONTROL,
                               .control = op->control,
                               .pa = op->pa,
                               .value = op->value,
                               .size = op->size};
}

static bool run_control(struct runner* runner, const struct script_op* op) {
  struct bench_action action = action_of(op);
  if (!operand_fits(runner, op)) return false;
  if (!bench_window(runner->bench, NULL, 0, &action, 1, runner->err)) return stop(runner, op);
  struct script_result result = result_of_control(action.gp, action.cycles);
  judge(runner, op, &result, 1);
  return true;
}

// The window's own accesses come first, so that a timed one waits for the port that they take.
static bool run_access(struct runner* runner, const struct script_op* op) {
  size_t n_accesses = 0, n_actions = 0;
  for (unsigned i = 0; i < op->refs; i++) {
    if (!address_fits(runner, op, op->ref[i].va)) return false;
    runner->accesses[n_accesses++] = (struct bench_access){.ref = op->ref[i]};
  }
  for (size_t i = 0; i < runner->n_timed; i++) {
    const struct script_op* timed = runner->timed[i];
    if (timed->kind == SCRIPT_ACCESS)
      runner->accesses[n_accesses++] = (struct bench_access){.at = timed->at, .ref = timed->ref[0]};
    else
      runner->actions[n_actions++] = action_of(timed);
  }
  if (!bench_window(runner->bench, runner->accesses, n_accesses, runner->actions, n_actions, runner->err))
    return stop(runner, op);
  const struct bench_access* access = runner->accesses + op->refs;
  const struct bench_action* action = runner->actions;
  for (size_t i = 0; i < runner->n_timed; i++) {
    bool is_access = runner->timed[i]->kind == SCRIPT_ACCESS;
    struct script_result result =
        is_access ? result_of_answer(&access++->answer) : result_of_control(action->gp, action->cycles);
    judge(runner, runner->timed[i], &result, is_access || action->is_control ? 1 : 0);
    if (!is_access) action++;
  }
  runner->n_timed = 0;
  struct script_result results[2];
  for (unsigned i = 0; i < op->refs; i++) results[i] = result_of_answer(&runner->accesses[i].answer);
  judge(runner, op, results, op->refs);
  return true;
}

static bool run_probe(struct runner* runner, const struct script_op* op) {
  struct answer answer;
  if (!address_fits(runner, op, op->ref[0].va)) return false;
  if (serial_crosses(&op->ref[0], runner->bench->segments)) {
    error_set(runner->err, "the bytes lie in two pages: probe each of them by itself");
    return stop(runner, op);
  }
  engine_probe(runner->bench->engine, &op->ref[0], &answer);
  if (!engine_agrees(runner->bench->engine, NULL)) {
    error_set(runner->err, "the engines differ");
    return stop(runner, op);
  }
  struct script_result result = result_of_answer(&answer);
  result.fields &= ~(unsigned)(FIELD_CYCLES | FIELD_MERGED);
  judge(runner, op, &result, 1);
  return true;
}

static bool run_check(struct runner* runner, const struct script_op* op) {
  const struct ram* memories[2] = {runner->bench->ram, runner->bench->mirror};
  print_line(runner, op, NULL, 0);
  for (int i = 0; i < 2 && memories[i]; i++) {
    uint64_t got = ram_read_word(memories[i], op->pa, op->size);
    if (got == op->value) continue;
    fprintf(runner->out, "%s:%u: expected %" PRIx64 " at %" PRIx64 ", got %" PRIx64 "%s\n", runner->script->name,
            op->line, op->value, op->pa, got, i ? " (in the second engine's memory)" : "");
    runner->totals->failed++;
    return true;
  }
  runner->totals->passed++;
  return true;
}

static bool run_op(struct runner* runner, const struct script_op* op) {
  if (op->timed) {
    runner->timed[runner->n_timed++] = op;
    return operand_fits(runner, op) && (op->kind != SCRIPT_ACCESS || address_fits(runner, op, op->ref[0].va));
  }
  switch (op->kind) {
    case SCRIPT_CONTROL:
      return run_control(runner, op);
    case SCRIPT_ACCESS:
      return run_access(runner, op);
    case SCRIPT_PROBE:
      return run_probe(runner, op);
    case SCRIPT_CHECK:
      return run_check(runner, op);
    case SCRIPT_MEM:
      ram_write_word(runner->bench->ram, op->pa, op->size, op->value);
      print_line(runner, op, NULL, 0);
      return true;
    case SCRIPT_WAIT:
      engine_wait(runner->bench->engine, engine_now(runner->bench->engine) + op->wait);
      print_line(runner, op, NULL, 0);
      return true;
    case SCRIPT_SHOW:
      print_line(runner, op, NULL, 0);
      show_state(runner->bench->engine, op->show, runner->out);
      if (op->n_counts) judge_counters(runner, op);
      return true;
  }
  return true;
}

// The two engines' walkers each wrote a memory of their own: at the end these must be equal.
static bool memories_agree(struct runner* runner) {
  uint64_t pa;
  if (!runner->bench->mirror || ram_equal(runner->bench->ram, runner->bench->mirror, &pa)) return true;
  return error_set(
      runner->err, "%s: the engines left different memories: at %" PRIx64 " rtl has %02" PRIx64 ", model %02" PRIx64,
      runner->script->name, pa, ram_read_word(runner->bench->ram, pa, 1), ram_read_word(runner->bench->mirror, pa, 1));
}

bool script_open_bench(const struct script* script, struct bench* bench, enum engine_kind kind, struct error* err) {
  if (!bench_open_memory(bench, kind, &script->config, script->memory, err)) return false;
  bench->engine = watchdog_engine(bench->engine, &script->config, err);
  if (bench->engine) return true;
  bench_close(bench);
  return false;
}

bool script_run(const struct script* script, struct bench* bench, FILE* out, struct script_totals* totals,
                struct error* err) {
  FILE* nowhere = out ? NULL : fopen("/dev/null", "w");
  struct runner runner = {.script = script,
                          .bench = bench,
                          .out = out ? out : nowhere,
                          .totals = totals,
                          .err = err,
                          .timed = calloc(script->count + 1, sizeof *runner.timed),
                          .actions = calloc(script->count + 1, sizeof *runner.actions),
                          .accesses = calloc(script->count + 2, sizeof *runner.accesses)};
  bool ok = runner.out && runner.timed && runner.actions && runner.accesses;
  if (!ok) error_set(err, "out of memory");
  for (size_t i = 0; ok && i < script->count; i++) ok = run_op(&runner, &script->ops[i]);
  ok = ok && memories_agree(&runner);
  free(runner.timed);
  free(runner.actions);
  free(runner.accesses);
  if (nowhere) fclose(nowhere);
  return ok;
}
