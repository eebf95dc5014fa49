// SPDX-License-Identifier: MIT
// The engine's operations on the Verilated MMU, and how an instance is made.
#include "rtl_engine/shim.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/stat.h>
#include <unistd.h>

#include "rtl_engine/instance.h"

namespace {

inline __attribute__((always_inline)) uint64_t serial_issue(void* self, const struct ref* part, uint64_t now, bool want,
                                                            struct answer* answer, bool* fault, uint32_t* data) {
  return static_cast<Shim*>(static_cast<rtl_instance*>(self))->issue(*part, now, want, answer, fault, data);
}

void op_destroy(void* self) {
  Shim* shim = shim_of(self);
#if VM_TRACE
  if (shim->wave) shim->wave->close();
#endif
  shim->top.final();
#if VM_COVERAGE
  // A file for each machine; verilator_coverage adds them up.
  if (const char* folder = std::getenv("PAGEWALK_COVERAGE")) {
    static unsigned machines = 0;
    char path[1024];
    std::snprintf(path, sizeof path, "%s/%d-%u.dat", folder, static_cast<int>(getpid()), machines++);
    shim->context.coveragep()->write(path);
  }
#endif
  delete shim;
}

uint64_t op_now(const void* self) { return shim_of(self)->now; }

void op_tick(void* self, uint64_t now, const struct tick_in* in, struct tick_out* out) {
  shim_of(self)->tick(now, *in, out);
}

void op_play(void* self, const struct ref* refs, size_t n, struct play* play) {
  Shim* shim = shim_of(self);
  shim->withdraw();
  shim->top.step_i = 1;
  struct serial_account account = {};
  play->stop = PLAY_DIFFERS;
  play->done = 0;
  if (shim->stuck) return;
  const struct segment* bases = serial_bases(shim->segments);
  if (shim->config.core.overlap) {
    const struct overlap_engine core = {self, op_tick, nullptr};
    shim->now = overlap_play(&core, shim->now, shim->va_mask, bases, refs, n, play, &account);
  } else {
    shim->now = serial_play(self, serial_issue, shim->now, shim->va_mask, bases, refs, n, play, &account);
  }
  const uint64_t now = shim->now;
  shim->catch_up(now);  // data that come late leave prefetches time
  shim->now = now;
  if (shim->stuck) play->stop = PLAY_DIFFERS;
  serial_settle(&shim->counters, &account);
  shim->counters.refs += play->done;
}

void op_wait(void* self, uint64_t cycle) {
  Shim* shim = shim_of(self);
  shim->catch_up(cycle);
  if (cycle > shim->now) shim->now = cycle;
}

void op_on_event(void* self, event_fn* fn, void* ctx) {
  shim_of(self)->top.events_i = fn != nullptr || VM_TRACE;
  shim_of(self)->notify = fn;
  shim_of(self)->notify_ctx = ctx;
}

#if VM_TRACE
// The FST writer does not say when or why it fails: try the file first, with more than a usual window takes.
bool try_file(const char* path) {
  FILE* file = std::fopen(path, "wb");
  if (!file) return false;
  const std::vector<char> block(1 << 20);
  bool good = std::fwrite(block.data(), 1, block.size(), file) == block.size();
  int error = errno;
  if (std::fclose(file) != 0 && good) {
    good = false;
    error = errno;
  }
  if (!good) {
    struct stat status;
    if (stat(path, &status) == 0 && S_ISREG(status.st_mode)) unlink(path);
  }
  errno = error;
  return good;
}

bool op_wave(void* self, const char* path, uint64_t zero, uint64_t first, uint64_t last, struct error* err) {
  Shim* shim = shim_of(self);
  if (!try_file(path)) {
    if (err) {
      std::snprintf(err->text, sizeof err->text, "%s: can't write the waveform: %s", path, std::strerror(errno));
    }
    return false;
  }
  if (shim->wave) shim->wave->close();
  shim->wave.reset(new VerilatedFstC);
  shim->top.trace(shim->wave.get(), 99);
  shim->wave->set_time_resolution("1s");  // the unit that GTKWave never gives a prefix: a cycle is a `second'
  shim->wave->open(path);
  shim->wave_zero = zero;
  shim->wave_first = shim->wave_next = first;
  shim->wave_last = last;
  return true;
}
#endif

bool op_agrees(const void* self, const char** report) {
  const Shim* shim = shim_of(self);
  if (shim->stuck && report) *report = shim->report;
  return !shim->stuck;
}

const struct engine_ops shim_ops = {
    op_destroy, op_now,  op_tick, op_play, op_wait, op_counters, op_on_event, op_probe, op_dump, op_registers,
#if VM_TRACE
    op_wave,
#else
    nullptr,
#endif
    op_agrees,  nullptr,
};

}  // namespace

#ifdef PAGEWALK_BUGS
// Which of the deliberate bugs this machine has: rtl/bugs/bug_choice.sv asks.
extern "C" int pagewalk_bug() {
  const char* number = std::getenv("PAGEWALK_BUG_NUMBER");
  return number ? std::atoi(number) : 0;
}
#endif

extern "C" __attribute__((visibility("default"))) struct rtl_instance* rtl_shim_create(const struct config* config,
                                                                                       struct memory_bus memory) {
  Shim* shim = new (std::nothrow) Shim(*config, memory);
  if (!shim) return nullptr;
  shim->ops = &shim_ops;
  return shim;
}
