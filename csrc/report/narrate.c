// SPDX-License-Identifier: MIT
#include "report/narrate.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/engine.h"

enum narration narrate_level(const struct hal_note* note) {
  switch (note->kind) {
    case HAL_NOTE_EXEC:
    case HAL_NOTE_FORK:
    case HAL_NOTE_EXIT:
    case HAL_NOTE_SIGNAL:
    case HAL_NOTE_SWITCH:
    case HAL_NOTE_BLOCK:
    case HAL_NOTE_WAKE:
    case HAL_NOTE_IMAGE:
    case HAL_NOTE_KILL:
    case HAL_NOTE_PANIC:
      return NARRATE_PROCESSES;
    default:
      return NARRATE_EVERYTHING;
  }
}

const char* narrate_signal(int signal) {
  static const struct {
    int number;
    const char* name;
  } signals[] = {{2, "SIGINT"},  {4, "SIGILL"},   {5, "SIGTRAP"},  {6, "SIGABRT"},  {7, "SIGBUS"},   {8, "SIGFPE"},
                 {9, "SIGKILL"}, {10, "SIGUSR1"}, {11, "SIGSEGV"}, {12, "SIGUSR2"}, {13, "SIGPIPE"}, {15, "SIGTERM"}};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (signals[i].number == signal) return signals[i].name;
  return NULL;
}

static const char* signal_text(uint64_t number, char text[NARRATE_TEXT_MAX]) {
  const char* name = narrate_signal((int)number);
  if (name)
    snprintf(text, NARRATE_TEXT_MAX, "signal %" PRIu64 " (%s)", number, name);
  else
    snprintf(text, NARRATE_TEXT_MAX, "signal %" PRIu64, number);
  return text;
}

// As Linux encodes it: the signal in bits 6:0, else the exit code in bits 15:8.
const char* narrate_status(uint64_t status, char text[NARRATE_TEXT_MAX]) {
  char signal[NARRATE_TEXT_MAX];
  if (status & 0x7f)
    snprintf(text, NARRATE_TEXT_MAX, "was ended by %.64s", signal_text(status & 0x7f, signal));
  else
    snprintf(text, NARRATE_TEXT_MAX, "exited with %" PRIu64, status >> 8 & 0xff);
  return text;
}

const char* narrate_access(uint64_t error) {
  return error & PFEC_ID ? "fetch from" : error & PFEC_W ? "write to" : "read of";
}

static const char* found_text(uint64_t found) {
  static const char* const names[] = {[HAL_FOUND_NOTHING] = "nothing",
                                      [HAL_FOUND_FRESH] = "memory never touched before",
                                      [HAL_FOUND_SWAPPED] = "a page on the disk",
                                      [HAL_FOUND_IN_TRANSIT] = "a page on its way from the disk",
                                      [HAL_FOUND_PRESENT] = "a page in memory",
                                      [HAL_FOUND_FORBIDDEN] = "memory it may not use so"};
  return found < sizeof names / sizeof *names ? names[found] : "?";
}

static const char* blocked_text(uint64_t why) {
  static const char* const names[] = {[HAL_BLOCKED_DISK] = "for the disk",
                                      [HAL_BLOCKED_SLEEP] = "for its sleep to end",
                                      [HAL_BLOCKED_CHILD] = "for a child",
                                      [HAL_BLOCKED_MEMORY] = "for memory"};
  return why < sizeof names / sizeof *names ? names[why] : "";
}

static const char* image_text(uint64_t what) {
  static const char* const names[] = {[HAL_IMAGE_LOADED] = "is loaded",
                                      [HAL_IMAGE_RELOCATED] = "has its addresses rewritten",
                                      [HAL_IMAGE_SWAPPED_OUT] = "goes to the disk",
                                      [HAL_IMAGE_SWAPPED_IN] = "comes from the disk",
                                      [HAL_IMAGE_MOVED] = "moves in memory"};
  return what < sizeof names / sizeof *names ? names[what] : "moves";
}

static void switch_text(const struct hal_note* note, char text[NARRATE_TEXT_MAX]) {
  if (note->b == 0)
    snprintf(text, NARRATE_TEXT_MAX, "nobody can run");
  else if (note->a == 0)
    snprintf(text, NARRATE_TEXT_MAX, "process %" PRIu64 " runs", note->b);
  else
    snprintf(text, NARRATE_TEXT_MAX, "process %" PRIu64 " gives way to process %" PRIu64, note->a, note->b);
}

static void frame_text(const struct hal_note* note, char text[NARRATE_TEXT_MAX]) {
  if (note->c == HAL_FRAME_COPIED)
    snprintf(text, NARRATE_TEXT_MAX, "4  a free frame, at %#" PRIx64 ", is filled with a copy of the page", note->b);
  else if (note->c == HAL_FRAME_PROGRAM)
    snprintf(text, NARRATE_TEXT_MAX, "4  a free frame, at %#" PRIx64 ", is filled from the program's file", note->b);
  else if (note->c)
    snprintf(text, NARRATE_TEXT_MAX, "4  the frame at %#" PRIx64 " holds the page, read from disk block %" PRIu64,
             note->b, note->c);
  else
    snprintf(text, NARRATE_TEXT_MAX, "4  a free frame, at %#" PRIx64 ", is filled with zeros", note->b);
}

static void evict_text(const struct hal_note* note, char text[NARRATE_TEXT_MAX]) {
  if (note->c)
    snprintf(text, NARRATE_TEXT_MAX,
             "   page %#" PRIx64 " leaves its frame at %#" PRIx64 " and is written to disk block %" PRIu64, note->a,
             note->b, note->c);
  else
    snprintf(text, NARRATE_TEXT_MAX, "   page %#" PRIx64 " leaves its frame at %#" PRIx64, note->a, note->b);
}

const char* narrate_text(const struct hal_note* note, char text[NARRATE_TEXT_MAX]) {
  const uint64_t a = note->a, b = note->b, c = note->c;
  const char* said = note->text ? note->text : "";
  char inner[NARRATE_TEXT_MAX];
#define TELL(...) snprintf(text, NARRATE_TEXT_MAX, __VA_ARGS__)
  switch (note->kind) {
    case HAL_NOTE_FAULT:
      TELL("1  a %s %#" PRIx64 ": page fault, error code %" PRIu64, narrate_access(b), a, b);
      break;
    case HAL_NOTE_TRAP:
      TELL("2  the fault reaches the kernel, which sees CR2 = %#" PRIx64 " of process %" PRIu64, a, b);
      break;
    case HAL_NOTE_LOOKUP:
      TELL("3  it looks up page %#" PRIx64 ": %s", a, found_text(b));
      break;
    case HAL_NOTE_FRAME:
      frame_text(note, text);
      break;
    case HAL_NOTE_TABLE:
      TELL("5  the table entry at %#" PRIx64 " becomes %#" PRIx64, a, b);
      break;
    case HAL_NOTE_RESTART:
      TELL("6  the kernel returns, and the access is started over");
      break;
    case HAL_NOTE_EVICT:
      evict_text(note, text);
      break;
    case HAL_NOTE_WAIT:
      TELL("   the process waits for disk block %" PRIu64, b);
      break;
    case HAL_NOTE_KILL:
    case HAL_NOTE_PANIC:
      TELL("   %s", *said ? said : "the end");
      break;
    case HAL_NOTE_EXEC:
      TELL("process %" PRIu64 " is now %s, which begins at %#" PRIx64, a, said, b);
      break;
    case HAL_NOTE_CALL:
      TELL("process %" PRIu64 " calls %s (%" PRIu64 "), first argument %#" PRIx64, a, said, b, c);
      break;
    case HAL_NOTE_RETURN:
      TELL("process %" PRIu64 " gets %" PRId64 " from call %" PRIu64, a, (int64_t)c, b);
      break;
    case HAL_NOTE_FORK:
      TELL("process %" PRIu64 " has a child, process %" PRIu64, a, b);
      break;
    case HAL_NOTE_EXIT:
      TELL("process %" PRIu64 " %.128s", a, narrate_status(b, inner));
      break;
    case HAL_NOTE_SIGNAL:
      TELL("process %" PRIu64 " is ended by %.64s at %#" PRIx64 ": %s", a, signal_text(b, inner), c, said);
      break;
    case HAL_NOTE_SWITCH:
      switch_text(note, text);
      break;
    case HAL_NOTE_BLOCK:
      TELL("process %" PRIu64 " waits %s", a, blocked_text(b));
      break;
    case HAL_NOTE_WAKE:
      TELL("process %" PRIu64 " is ready again", a);
      break;
    case HAL_NOTE_IMAGE:
      TELL("the image of process %" PRIu64 ", %" PRIu64 " bytes, %s", a, b, image_text(c));
      break;
  }
#undef TELL
  return text;
}
