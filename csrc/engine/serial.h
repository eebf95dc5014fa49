// SPDX-License-Identifier: MIT
// The serial core, written once for every engine (docs/timing.md, "Who asks"): issues references in program order, each
// in the cycle after the one before it was answered and its data have come, and splits those that cross a page.
//
// An engine's `play` calls serial_play with its own `issue`; both are inlined, so that a hit costs no call.
#ifndef PAGEWALK_ENGINE_SERIAL_H
#define PAGEWALK_ENGINE_SERIAL_H

#include "engine/engine.h"

// Presents `part` in cycle `now` on an idle MMU and runs until it is answered. Fills *answer wholly if `want` or if it
// faulted. Returns the cycle of the answer; *fault says whether it faulted, *data is answer.data (0 if
// it faulted).
typedef uint64_t serial_issue_fn(void* self, const struct ref* part, uint64_t now, bool want, struct answer* answer,
                                 bool* fault, uint32_t* data);

// The linear addresses of the mode that these registers select; a crossing reference wraps there.
static inline uint64_t serial_va_mask(uint64_t cr0, uint64_t efer) {
  bool long_mode = (cr0 >> 31 & 1) && (efer >> 8 & 1);
  return long_mode ? UINT64_MAX : 0xffffffff;
}

// --- segments -------------------------------------------------------------------------------------------------------

// After reset: number 0 is flat, the others are absent.
static inline void serial_reset_segments(struct segment segments[SEGMENT_COUNT]) {
  for (int i = 0; i < SEGMENT_COUNT; i++) segments[i] = (struct segment){.base = 0};
  segments[0].limit = UINT64_MAX;
  segments[0].present = segments[0].writable = true;
  segments[0].privilege = 3;
}

// What a core must know of the segments to split references: `segments` itself, or NULL if every base is the first byte
// of a page, so that offsets cross pages where linear addresses do.
static inline const struct segment* serial_bases(const struct segment segments[SEGMENT_COUNT]) {
  for (int i = 0; i < SEGMENT_COUNT; i++)
    if (segments[i].base & 4095) return segments;
  return NULL;
}

// --- parts ----------------------------------------------------------------------------------------------------------

// Bytes from the reference's first one to the end of its 4 KiB page of linear addresses. `bases`: of serial_bases.
static inline uint32_t serial_in_page(const struct ref* ref, const struct segment* bases) {
  uint64_t linear = ref->va + (bases ? bases[ref->segment & (SEGMENT_COUNT - 1)].base : 0);
  return 4096 - (uint32_t)(linear & 4095);
}

// True if `ref` crosses a 4 KiB page.
static inline bool serial_crosses(const struct ref* ref, const struct segment* bases) {
  return ref->size > serial_in_page(ref, bases);
}

// The two parts of a reference that crosses. The first keeps the whole size: the segment's limit is checked for the
// whole reference, once, before (docs/timing.md, finer point 15).
static inline void serial_split(const struct ref* ref, uint64_t va_mask, const struct segment* bases,
                                struct ref part[2]) {
  uint32_t in_page = serial_in_page(ref, bases);
  part[0] = part[1] = *ref;
  part[1].size = (uint16_t)(ref->size - in_page);
  part[1].va = (ref->va + in_page) & va_mask;
}

// The sum of two parts of one reference: path of the slower part, pa of the first; the data have come when both parts'
// have.
static inline void serial_join(struct answer* whole, const struct answer* second) {
  uint64_t first_data = whole->cycle + whole->data, second_data = second->cycle + second->data;
  whole->data = (uint32_t)((first_data > second_data ? first_data : second_data) - second->cycle);
  whole->cycle = second->cycle;
  whole->across = second->pa;
  if (second->path > whole->path) whole->path = second->path;
  whole->merged |= second->merged;
  whole->reads += second->reads;
  whole->base += second->base;
  whole->stlb += second->stlb;
  whole->walk += second->walk;
  whole->ad_update += second->ad_update;
}

// --- the account ----------------------------------------------------------------------------------------------------

// The MMU counts the cycles of each part by itself; where a core lets them pass side by side, each cycle must count
// once (docs/timing.md, "Where cycles go"). This is what to add to the MMU's counters so that it does.
struct serial_account {
  int64_t base, stlb, walk, ad_update, data;
};

static inline void serial_settle(struct counters* counters, const struct serial_account* account) {
  counters->cycles_base += (uint64_t)account->base;
  counters->cycles_stlb += (uint64_t)account->stlb;
  counters->cycles_walk += (uint64_t)account->walk;
  counters->cycles_ad_update += (uint64_t)account->ad_update;
  counters->cycles_data += (uint64_t)account->data;
}

// --- the core -------------------------------------------------------------------------------------------------------

// Issues both parts. Returns the cycle in which the next reference may be issued.
static inline __attribute__((always_inline)) uint64_t serial_issue_parts(void* self, serial_issue_fn* issue,
                                                                         uint64_t now, const struct ref part[2],
                                                                         bool want, struct answer* answer, bool* fault,
                                                                         struct serial_account* account) {
  uint32_t first_data, second_data;
  uint64_t first = issue(self, &part[0], now, want, answer, fault, &first_data);
  if (*fault) return first + 1;
  struct answer second;
  uint64_t last = issue(self, &part[1], first + 1, want, &second, fault, &second_data);
  if (*fault) {
    // No data move: nobody waits for the first part's.
    account->data -= first_data;
    *answer = second;
    return last + 1;
  }
  uint64_t first_come = first + first_data, second_come = last + second_data;
  uint64_t come = first_come > second_come ? first_come : second_come;
  account->data += (int64_t)(come - last) - (int64_t)first_data - (int64_t)second_data;
  if (want) serial_join(answer, &second);
  return come + 1;
}

// `va_mask`: serial_va_mask of the registers; `bases`: serial_bases of the segments. Adds to *account what
// serial_settle wants. Returns the cycle in which the next reference may be issued: after the last answer and data.
static inline __attribute__((always_inline)) uint64_t serial_play(void* self, serial_issue_fn* issue, uint64_t now,
                                                                  uint64_t va_mask, const struct segment* bases,
                                                                  const struct ref* refs, size_t n, struct play* play,
                                                                  struct serial_account* account) {
  struct answer answer;
  bool want = play->answers != NULL, fault = false;
  size_t i = 0;
  play->stop = PLAY_END;
  for (; i < n; i++) {
    if (__builtin_expect(now >= play->until, 0)) {
      play->stop = PLAY_UNTIL;
      break;
    }
    if (__builtin_expect(serial_crosses(&refs[i], bases), 0)) {
      struct ref part[2];
      serial_split(&refs[i], va_mask, bases, part);
      now = serial_issue_parts(self, issue, now, part, want, &answer, &fault, account);
    } else {
      uint32_t data;
      now = issue(self, &refs[i], now, want, &answer, &fault, &data) + 1;
      now += data;
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
