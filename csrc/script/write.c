// SPDX-License-Identifier: MIT
// Operations and results as text: what the parser reads.
#include <inttypes.h>
#include <string.h>

#include "script/names.h"
#include "script/script.h"

static void write_ref(const struct ref* ref, FILE* out) {
  fprintf(out, "%s %" PRIx64, script_kind_names[ref->kind], ref->va);
  for (int flag = 0; script_flag_names[flag]; flag++)
    if (ref->flags >> flag & 1) fprintf(out, " %s", script_flag_names[flag]);
  if (ref->size != 1) fprintf(out, " size=%u", ref->size);
  if (ref->segment) fprintf(out, " seg=%u", ref->segment);
}

static void write_segment(unsigned index, const struct segment* segment, FILE* out) {
  fprintf(out, "seg %u", index);
  if (!segment->present) {
    fputs(" absent", out);
    return;
  }
  fprintf(out, " base=%" PRIx64 " limit=%" PRIx64 " flags=%s", segment->base, segment->limit,
          segment->writable ? "rw" : "r");
  if (segment->expand_down) fputs(" expand-down", out);
  if (segment->privilege == 0) fputs(" dpl0", out);
}

static void write_control(const struct control* control, FILE* out) {
  switch (control->op) {
    case CONTROL_INVLPG:
      fprintf(out, "invlpg %" PRIx64, control->value);
      break;
    case CONTROL_INVPCID:
      fprintf(out, "invpcid %" PRIx64 " %" PRIx64 " %" PRIx64, control->type, control->pcid, control->value);
      break;
    case CONTROL_SEGMENT:
      write_segment(control->index, &control->segment, out);
      break;
    default:
      fprintf(out, "reg %s %" PRIx64, script_register_names[control->op], control->value);
  }
  if (control->user) fputs(" user", out);
}

void script_write_result(const struct script_result* result, FILE* out) {
  const char* gap = "";
  unsigned fields = result->fields;
  if (fields & FIELD_OUTCOME) fprintf(out, "%s", script_outcome_names[result->outcome]), gap = " ";
  if (fields & FIELD_PA) fprintf(out, "%spa=%" PRIx64, gap, result->pa), gap = " ";
  if (fields & FIELD_ERR) fprintf(out, "%serr=%" PRIx64, gap, result->err), gap = " ";
  if (fields & FIELD_CR2) fprintf(out, "%scr2=%" PRIx64, gap, result->cr2), gap = " ";
  if (fields & FIELD_PATH) fprintf(out, "%spath=%s", gap, script_path_names[result->path]), gap = " ";
  if (fields & FIELD_READS) fprintf(out, "%sreads=%" PRIu64, gap, result->reads), gap = " ";
  if (fields & FIELD_CYCLES) fprintf(out, "%scycles=%" PRIu64, gap, result->cycles), gap = " ";
  if ((fields & FIELD_MERGED) && result->merged) fprintf(out, "%smerged", gap);
}

static void write_counts(const struct script_op* op, FILE* out) {
  fputs(" =>", out);
  for (unsigned i = 0; i < op->n_counts; i++)
    fprintf(out, " %s=%" PRIu64, counter_names[op->counts[i].counter], op->counts[i].value);
}

void script_write_op(const struct script_op* op, bool expect, FILE* out) {
  if (op->timed) fprintf(out, "at %" PRIu64 " ", op->at);
  switch (op->kind) {
    case SCRIPT_CONTROL:
      write_control(&op->control, out);
      break;
    case SCRIPT_MEM:
      fprintf(out, "mem%u %" PRIx64 " %" PRIx64, op->size, op->pa, op->value);
      break;
    case SCRIPT_CHECK:
      fprintf(out, "check%u %" PRIx64 " %" PRIx64, op->size, op->pa, op->value);
      break;
    case SCRIPT_ACCESS:
      fputs(op->refs == 2 ? "both " : "access ", out);
      write_ref(&op->ref[0], out);
      if (op->refs == 2) {
        fputs(" ; ", out);
        write_ref(&op->ref[1], out);
      }
      break;
    case SCRIPT_PROBE:
      fputs("probe ", out);
      write_ref(&op->ref[0], out);
      break;
    case SCRIPT_WAIT:
      fprintf(out, "wait %" PRIu64, op->wait);
      break;
    case SCRIPT_SHOW:
      fprintf(out, "show %s", script_show_names[op->show]);
      break;
  }
  if (expect && op->n_counts) write_counts(op, out);
  if (!expect || !op->expect[0].fields) return;
  fputs(" => ", out);
  script_write_result(&op->expect[0], out);
  if (op->refs < 2) return;
  fputs(" ; ", out);
  script_write_result(&op->expect[1], out);
}

struct setter {
  FILE* out;
  bool ends;  // the script's memory has an end
};

static void write_set(void* ctx, const char* key, const char* value) {
  const struct setter* setter = ctx;
  if (setter->ends || strncmp(key, "ram.", 4) != 0) fprintf(setter->out, "set %s=%s\n", key, value);
}

void script_write(const struct script* script, FILE* out) {
  struct setter setter = {.out = out, .ends = script->memory != 0 && script->memory != BENCH_MEMORY};
  config_visit(&script->config, write_set, &setter);
  for (size_t i = 0; i < script->count; i++) {
    script_write_op(&script->ops[i], true, out);
    fputc('\n', out);
  }
}
