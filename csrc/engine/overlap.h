// SPDX-License-Identifier: MIT
// The core with core.overlap, written once for every engine (docs/timing.md, "Who asks"): as the serial core, but while
// a data reference waits, the next instruction's fetch runs ahead through the fetch port.
//
//   cycle        t   t+1          a      a+1
//   data port    D1 accepted ...  D1 answered, data there   D2
//   fetch port       F accepted ...             F answered -> what follows F is issued after the later of both
//
// It drives an engine cycle by cycle, through the engine's tick.
#ifndef PAGEWALK_ENGINE_OVERLAP_H
#define PAGEWALK_ENGINE_OVERLAP_H

#include "engine/serial.h"

struct overlap_engine {
  void* self;
  void (*tick)(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out);
  // May be NULL. If `part`, alone in the MMU, is answered in cycle `now` with its data there: does so, fills *answer
  // wholly and returns true. Else does nothing and returns false.
  bool (*hit)(void* self, const struct ref* part, uint64_t now, struct answer* answer);
};

// As serial_play. Nothing runs ahead across the end of a stream: cut long ones with overlap_cut.
uint64_t overlap_play(const struct overlap_engine* engine, uint64_t now, uint64_t va_mask, const struct segment* bases,
                      const struct ref* refs, size_t n, struct play* play, struct serial_account* account);

// Where to cut a stream of n > 0 references into pieces of at most `limit` that take the cycles of the whole: returns
// the length of the first piece. That is behind its last fetch, as nothing that follows a fetch is issued before it is
// answered; if an instruction is longer than the limit, behind the next fetch, if that is among the first `most`. Where
// there is none the piece is `limit` long: as good a place as any if no fetch comes at all.
size_t overlap_cut(const struct ref* refs, size_t n, size_t limit, size_t most);

#endif
