// SPDX-License-Identifier: MIT
// The serial core, written once for every engine (docs/timing.md, "Who asks"): issues references in program order, each
// in the cycle after the one before it was answered, and splits those that cross a page.
//
// An engine's `play` calls serial_play with its own `issue`; both are inlined, so that a hit costs no call.
#ifndef PAGEWALK_ENGINE_SERIAL_H
#define PAGEWALK_ENGINE_SERIAL_H

#include "engine/engine.h"

// Presents `part` in cycle `now` on an idle MMU and runs until it is answered. Fills *answer wholly if `want` or if it
// faulted. Returns the cycle of the answer; *fault says whether it faulted.
typedef uint64_t serial_issue_fn(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer,
                                 bool* fault);

// The linear addresses of the mode that these registers select; a crossing reference wraps there.
static inline uint64_t serial_va_mask(uint64_t cr0, uint64_t efer) {
  bool long_mode = (cr0 >> 31 & 1) && (efer >> 8 & 1);
  return long_mode ? UINT64_MAX : 0xffffffff;
}

// True if `ref` crosses a 4 KiB page.
static inline bool serial_crosses(const struct ref* ref) { return ref->size > 4096 - (uint32_t)(ref->va & 4095); }

// The two parts of a reference that crosses.
static inline void serial_split(const struct ref* ref, uint64_t va_mask, struct ref part[2]) {
  uint16_t in_page = (uint16_t)(4096 - (ref->va & 4095));
  part[0] = part[1] = *ref;
  part[0].size = in_page;
  part[1].size = (uint16_t)(ref->size - in_page);
  part[1].va = (ref->va + in_page) & va_mask;
}

// The sum of two parts of one reference: path of the slower part, pa of the first.
static inline void serial_join(struct answer* whole, const struct answer* second) {
  whole->cycle = second->cycle;
  if (second->path > whole->path) whole->path = second->path;
  whole->merged |= second->merged;
  whole->reads += second->reads;
  whole->base += second->base;
  whole->stlb += second->stlb;
  whole->walk += second->walk;
  whole->ad_update += second->ad_update;
}

// `va_mask`: serial_va_mask of the registers. Returns the cycle after the last answer.
static inline __attribute__((always_inline)) uint64_t serial_play(void* self, serial_issue_fn* issue, uint64_t now,
                                                                  uint64_t va_mask, const struct ref* refs, size_t n,
                                                                  struct play* play) {
  struct answer answer, second;
  bool want = play->answers != NULL, fault = false;
  size_t i = 0;
  play->stop = PLAY_END;
  for (; i < n; i++) {
    if (__builtin_expect(now >= play->until, 0)) {
      play->stop = PLAY_UNTIL;
      break;
    }
    if (__builtin_expect(serial_crosses(&refs[i]), 0)) {
      struct ref part[2];
      serial_split(&refs[i], va_mask, part);
      now = issue(self, &part[0], now, want, &answer, &fault) + 1;
      if (!fault) {
        now = issue(self, &part[1], now, want, &second, &fault) + 1;
        if (fault)
          answer = second;
        else if (want)
          serial_join(&answer, &second);
      }
    } else {
      now = issue(self, &refs[i], now, want, &answer, &fault) + 1;
    }
    if (__builtin_expect(fault, 0)) {
      play->stop = PLAY_FAULT;
      play->fault = answer;
      break;
    }
    if (want) play->answers[i] = answer;
  }
  play->done = i;
  return now;
}

#endif
