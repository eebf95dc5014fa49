// SPDX-License-Identifier: MIT
#include "engine/broken.h"

#include <stdlib.h>

#include "engine/wrap.h"

struct broken {
  spoil_fn* spoil;
  void* ctx;
};

static void after(void* ctx, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  struct broken* broken = ctx;
  broken->spoil(broken->ctx, now, in, out);
}

static const struct wrap_hooks hooks = {.after = after, .destroy = free};

struct engine* broken_engine(struct engine* inner, spoil_fn* spoil, void* ctx) {
  struct broken* broken = malloc(sizeof *broken);
  if (!broken) abort();
  *broken = (struct broken){spoil, ctx};
  return wrap_engine(inner, &hooks, broken, NULL);
}
