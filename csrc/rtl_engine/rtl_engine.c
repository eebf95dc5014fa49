// SPDX-License-Identifier: MIT
// Loads the shared object of a configuration and makes an engine of it.
#include "rtl_engine/rtl_engine.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "rtl_engine/bugs.h"
#include "rtl_engine/build.h"
#include "rtl_engine/shim.h"

// The engine with its own copy of the shim's operations, in one block: engine_destroy frees it.
struct loaded_engine {
  struct engine engine;
  struct engine_ops ops;
};

static void destroy(void* self) {
  struct rtl_instance* instance = self;
  void* library = instance->library;
  instance->ops->destroy(instance);
  dlclose(library);
}

static bool no_wave(void* self, const char* path, uint64_t zero, uint64_t first, uint64_t last, struct error* err) {
  (void)self, (void)zero, (void)first, (void)last;
  return error_set(err, "%s: this engine was not created to write waveforms", path);
}

static struct rtl_instance* load(const char* path, const struct config* config, struct memory_bus memory,
                                 struct error* err) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    error_set(err, "loading the RTL engine failed: %s", dlerror());
    return NULL;
  }
  rtl_shim_create_fn* create;
  *(void**)&create = dlsym(library, RTL_SHIM_CREATE);
  struct rtl_instance* instance = create ? create(config, memory) : NULL;
  if (!instance) {
    error_set(err, "%s: starting the RTL engine failed", path);
    dlclose(library);
    return NULL;
  }
  instance->library = library;
  return instance;
}

static bool environment_says(const char* name) {
  const char* value = getenv(name);
  return value && strcmp(value, "1") == 0;
}

struct engine* rtl_engine_create(const struct config* config, struct memory_bus memory, bool traced,
                                 struct error* err) {
  int bug = bug_chosen(err);
  if (bug < 0) return NULL;
  struct rtl_build build = {.config = config,
                            .traced = traced,
                            .checked = environment_says("PAGEWALK_ASSERT"),
                            .quick = environment_says("PAGEWALK_QUICK_BUILD"),
                            .covered = getenv("PAGEWALK_COVERAGE") != NULL,
                            .bugs = getenv("PAGEWALK_BUG") != NULL};
  char path[1024];
  if (!rtl_build(&build, path, sizeof path, err)) return NULL;
  struct rtl_instance* instance = load(path, config, memory, err);
  if (!instance) return NULL;
  struct loaded_engine* loaded = malloc(sizeof *loaded);
  if (!loaded) {
    destroy(instance);
    error_set(err, "out of memory");
    return NULL;
  }
  loaded->ops = *instance->ops;
  loaded->ops.destroy = destroy;
  if (!loaded->ops.wave) loaded->ops.wave = no_wave;
  loaded->engine.ops = &loaded->ops;
  loaded->engine.self = instance;
  return &loaded->engine;
}
