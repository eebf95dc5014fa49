// SPDX-License-Identifier: MIT
// What the loader (C) and the shim (C++, compiled into each shared object) agree on.
#ifndef PAGEWALK_RTL_ENGINE_SHIM_H
#define PAGEWALK_RTL_ENGINE_SHIM_H

#include "config/config.h"
#include "engine/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

// The beginning of an instance. The instance is `self` of the engine's ops.
struct rtl_instance {
  const struct engine_ops* ops;  // as the shim implements them
  void* library;                 // the loader's: what to close after ops->destroy
};

#define RTL_SHIM_CREATE "rtl_shim_create"
typedef struct rtl_instance* rtl_shim_create_fn(const struct config* config, struct memory_bus memory);

#ifdef __cplusplus
}
#endif
#endif
