// SPDX-License-Identifier: MIT
// From a configuration to a shared object: Verilator, then g++ over the generated code and the shim.
//
// build/rtl/<hash>/mmu.so   the hash covers the RTL, the shim and its headers, the parameters and which Verilator it is
// build/rtl/<hash>.lock     held by whoever builds it
// build/rtl/lib-<hash>/     Verilator's own runtime, compiled once
// A folder appears under its final name only when it is whole.
#include "rtl_engine/build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rtl_engine/shim.h"

#define CACHE PAGEWALK_ROOT "/build/rtl"
#define PATH_ROOM 1024

extern char** environ;

static const char no_verilator[] =
    "the RTL engine needs Verilator and g++: install them with `make setup`, or use `--engine model`";

// --- the list of sources ---------------------------------------------------------------------------------------------

enum { SOURCES_MAX = 128 };

struct sources {
  char path[SOURCES_MAX][PATH_ROOM];  // of all files under rtl/ that matter, the package first
  size_t count;
};

static int compare_sources(const void* a, const void* b) {
  const char *x = a, *y = b;
  bool x_first = strstr(x, "_pkg.sv") != NULL, y_first = strstr(y, "_pkg.sv") != NULL;
  if (x_first != y_first) return x_first ? -1 : 1;
  return strcmp(x, y);
}

static int compare_names(const void* a, const void* b) { return strcmp(a, b); }

static bool has_ending(const char* name, const char* ending) {
  size_t n = strlen(name), e = strlen(ending);
  return n > e && strcmp(name + n - e, ending) == 0;
}

// Adds the sources of a folder and of those in it; `rtl/check` only if `checked`.
static bool add_folder(struct sources* sources, const char* path, bool checked, struct error* err) {
  DIR* dir = opendir(path);
  if (!dir) return error_set(err, "%s: %s", path, strerror(errno));
  bool good = true;
  for (struct dirent* entry; good && (entry = readdir(dir));) {
    char full[PATH_ROOM];
    struct stat status;
    int n = snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
    if (entry->d_name[0] == '.' || n < 0 || n >= PATH_ROOM || stat(full, &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) {
      if (checked || strcmp(entry->d_name, "check") != 0) good = add_folder(sources, full, checked, err);
    } else if (has_ending(entry->d_name, ".sv") || has_ending(entry->d_name, ".svh")) {
      if (sources->count == SOURCES_MAX) {
        good = error_set(err, "%s: more than %d sources", path, SOURCES_MAX);
      } else {
        memcpy(sources->path[sources->count++], full, (size_t)n + 1);
      }
    }
  }
  closedir(dir);
  return good;
}

static bool find_sources(struct sources* sources, bool checked, struct error* err) {
  sources->count = 0;
  if (!add_folder(sources, PAGEWALK_ROOT "/rtl", checked, err)) return false;
  if (sources->count == 0) return error_set(err, "%s/rtl: no SystemVerilog sources there", PAGEWALK_ROOT);
  qsort(sources->path, sources->count, PATH_ROOM, compare_sources);
  return true;
}

// --- parameters and hash ---------------------------------------------------------------------------------------------

enum { DRAM_BANKS_MAX = 64 };  // in use are dram.banks of them: no build for each number
enum { PARAMETERS = 31, PARAMETER_ROOM = 40 };

struct parameters {
  char text[PARAMETERS][PARAMETER_ROOM];  // -GName=value
};

static void find_parameters(const struct config* c, struct parameters* p) {
  bool second = c->stlb.sets != 0, second_large = second && c->stlb.large_sets;
  const struct cache_config *l1d = &c->cache.l1d, *l2 = &c->cache.l2, *l3 = &c->cache.l3;
  bool caches = l1d->sets || l2->sets || l3->sets;
  const struct {
    const char* name;
    unsigned value;
  } list[PARAMETERS] = {
      {"ItlbSets", c->itlb.sets},
      {"ItlbWays", c->itlb.ways},
      {"ItlbPolicy", c->itlb.replacement},
      {"ItlbLargeSets", c->itlb.large_sets},
      {"ItlbLargeWays", c->itlb.large_sets ? c->itlb.large_ways : 1},
      {"DtlbSets", c->dtlb.sets},
      {"DtlbWays", c->dtlb.ways},
      {"DtlbPolicy", c->dtlb.replacement},
      {"DtlbLargeSets", c->dtlb.large_sets},
      {"DtlbLargeWays", c->dtlb.large_sets ? c->dtlb.large_ways : 1},
      {"StlbSets", c->stlb.sets},
      {"StlbWays", second ? c->stlb.ways : 1},
      {"StlbPolicy", second ? c->stlb.replacement : REPLACE_LRU},
      {"StlbLargeSets", second ? c->stlb.large_sets : 0},
      {"StlbLargeWays", second_large ? c->stlb.large_ways : 1},
      {"PscPde", c->psc.pde},
      {"PscPdpte", c->psc.pdpte},
      {"PscPml4e", c->psc.pml4e},
      {"PscPml5e", c->psc.pml5e},
      {"L1dSets", l1d->sets},
      {"L1dWays", l1d->sets ? l1d->ways : 1},
      {"L2Sets", l2->sets},
      {"L2Ways", l2->sets ? l2->ways : 1},
      {"L3Sets", l3->sets},
      {"L3Ways", l3->sets ? l3->ways : 1},
      {"CacheEntry", caches ? c->cache.walker : CACHE_L1D},
      {"DramBanks", c->dram.banks ? DRAM_BANKS_MAX : 0},
      {"Walkers", c->walkers},
      {"Prefetch", c->prefetch},
      {"DataTimed", l1d->sets && c->data.cache == DATA_CACHE_TIMED},
      {"Bypass", rtl_needs_bypass(c)},
  };
  for (size_t i = 0; i < PARAMETERS; i++) {
    bool bit = i + 2 >= PARAMETERS;
    snprintf(p->text[i], PARAMETER_ROOM, bit ? "-G%s=1'd%u" : "-G%s=%u", list[i].name, list[i].value);
  }
}

static uint64_t fnv(uint64_t hash, const void* data, size_t bytes) {
  const unsigned char* p = data;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static bool hash_file(uint64_t* hash, const char* path, struct error* err) {
  FILE* file = fopen(path, "rb");
  if (!file) return error_set(err, "%s: %s", path, strerror(errno));
  char block[4096];
  size_t n;
  while ((n = fread(block, 1, sizeof block, file)) > 0) *hash = fnv(*hash, block, n);
  fclose(file);
  return true;
}

// The shim, in the order of compilation: its files are one unit with the Verilated code.
static const char* const shim_files[] = {"shim.h",   "pins.h",     "instance.h", "clock.cpp", "ports.cpp",
                                         "play.cpp", "events.cpp", "debug.cpp",  "shim.cpp"};

static bool hash_build(const struct rtl_build* build, const struct sources* sources,
                       const struct parameters* parameters, uint64_t tool, uint64_t* hash, struct error* err) {
  static const char* const headers[] = {"csrc/rtl_engine/build.c", "csrc/engine/engine.h",   "csrc/engine/serial.h",
                                        "csrc/engine/overlap.h",   "csrc/engine/watchdog.h", "csrc/config/config.h",
                                        "csrc/base/error.h"};
  *hash = tool;
  for (size_t i = 0; i < sources->count; i++) {
    if (!hash_file(hash, sources->path[i], err)) return false;
  }
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s", PAGEWALK_ROOT, headers[i]);
    if (!hash_file(hash, path, err)) return false;
  }
  for (size_t i = 0; i < sizeof shim_files / sizeof *shim_files; i++) {
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/csrc/rtl_engine/%s", PAGEWALK_ROOT, shim_files[i]);
    if (!hash_file(hash, path, err)) return false;
  }
  for (size_t i = 0; i < PARAMETERS; i++) {
    *hash = fnv(*hash, parameters->text[i], strlen(parameters->text[i]));
  }
  char kind[] = {build->traced ? 't' : '-', build->checked ? 'c' : '-', build->quick ? 'q' : '-',
                 build->bugs ? 'b' : '-', build->covered ? 'v' : '-'};
  *hash = fnv(*hash, kind, sizeof kind);
  return true;
}

// --- running tools ---------------------------------------------------------------------------------------------------

enum { ARGUMENTS_MAX = 160 };

struct command {
  const char* argument[ARGUMENTS_MAX];
  size_t count;
};

static void add(struct command* command, const char* argument) {
  if (command->count + 1 < ARGUMENTS_MAX) command->argument[command->count++] = argument;
  command->argument[command->count] = NULL;
}

static void add_all(struct command* command, const char* const* arguments) {
  while (*arguments) add(command, *arguments++);
}

// Starts it with its output appended to `log`. Returns its process, or -1.
static pid_t start(const struct command* command, const char* log) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid;
  int failed = posix_spawnp(&pid, command->argument[0], &actions, NULL, (char**)command->argument, environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed ? -1 : pid;
}

// Waits for its end. Returns its exit status, 128 + the signal that ended it, or -1 if it could not be started.
static int finish(pid_t pid) {
  int status;
  if (pid < 0) return -1;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const struct command* command, const char* log) { return finish(start(command, log)); }

static bool find_on_path(const char* program, char full[PATH_ROOM]) {
  const char* path = getenv("PATH");
  for (const char* at = path; at && *at;) {
    size_t n = strcspn(at, ":");
    snprintf(full, PATH_ROOM, "%.*s/%s", (int)n, at, program);
    if (access(full, X_OK) == 0) return true;
    at += n + (at[n] == ':');
  }
  return false;
}

static bool on_path(const char* program) {
  char full[PATH_ROOM];
  return find_on_path(program, full);
}

// Which Verilator: its program's size and time of change. Asking for its version takes longer than loading an engine.
static bool hash_verilator(uint64_t* hash) {
  char path[PATH_ROOM];
  struct stat verilator;
  if (!find_on_path("verilator", path) || stat(path, &verilator) != 0) return false;
  uint64_t which[] = {(uint64_t)verilator.st_size, (uint64_t)verilator.st_mtim.tv_sec};
  *hash = fnv(UINT64_C(0xcbf29ce484222325), which, sizeof which);
  return true;
}

// One line of a program's output.
static bool ask(const char* question, char* line, size_t room) {
  FILE* pipe = popen(question, "r");
  if (!pipe) return false;
  bool good = fgets(line, (int)room, pipe) != NULL;
  good = pclose(pipe) == 0 && good;
  if (good) line[strcspn(line, "\n")] = 0;
  return good;
}

// The first line of the log that looks like an error, or else its last.
static void complaint(const char* log, char* text, size_t room) {
  text[0] = 0;
  FILE* file = fopen(log, "r");
  if (!file) return;
  char line[400];
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (!line[0]) continue;
    snprintf(text, room, "%s", line);
    if (strstr(line, "rror:") || strstr(line, "%Error")) break;
  }
  fclose(file);
}

// --- building --------------------------------------------------------------------------------------------------------

struct site {
  char folder[PATH_ROOM], final[PATH_ROOM], log[PATH_ROOM + 16];
  char include[PATH_ROOM], vltstd[PATH_ROOM + 8];  // Verilator's headers
  char runtime[PATH_ROOM];
};

static const char* const cxx_flags[] = {"-std=gnu++17",
                                        "-fPIC",
                                        "-fvisibility=hidden",
                                        "-fno-gnu-unique",
                                        "-fcf-protection=none",
                                        "-fno-plt",
                                        "-DVERILATOR=1",
                                        "-DVM_SC=0",
                                        "-DVM_TRACE_VCD=0",
                                        "-Wall",
                                        "-Wextra",
                                        NULL};

// `level`: -O1, ...
static void compiler(struct command* command, const struct site* site, bool traced, const char* level) {
  command->count = 0;
  if (on_path("ccache")) add(command, "ccache");
  add(command, "g++");
  add(command, level);
  add_all(command, cxx_flags);
  add(command, traced ? "-DVM_TRACE=1" : "-DVM_TRACE=0");
  add(command, traced ? "-DVM_TRACE_FST=1" : "-DVM_TRACE_FST=0");
  add(command, "-isystem");
  add(command, site->include);
  add(command, "-isystem");
  add(command, site->vltstd);
}

static bool failed_build(const struct site* site, const char* what, int status, struct error* err) {
  if (status > 128)
    return error_set(err, "building the RTL engine was stopped (%s: %s); the next run builds it again", what,
                     strsignal(status - 128));
  char why[400];
  complaint(site->log, why, sizeof why);
  if (!why[0]) snprintf(why, sizeof why, "exit status %d without a word", status);
  return error_set(
      err, "building the RTL engine failed (%s): %s; the whole output is in %s; `--engine model` needs no build", what,
      why, site->log);
}

// Opens `path` and waits until nobody else holds it. Returns a descriptor to close, or -1 with a message.
static int take_lock(const char* path, struct error* err) {
  int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock >= 0 && flock(lock, LOCK_EX) == 0) return lock;
  error_set(err, "%s: %s", path, strerror(errno));
  if (lock >= 0) close(lock);
  return -1;
}

// Verilator's runtime: objects that every shared object of this kind takes in. Those that are missing are compiled
// while the rest is under way.
enum { RUNTIME_UNITS = 4 };
static const char* const runtime_units[RUNTIME_UNITS] = {"verilated", "verilated_threads", "verilated_fst_c",
                                                         "verilated_cov"};

struct runtime_job {
  int lock;
  bool wanted[RUNTIME_UNITS];
  pid_t pid[RUNTIME_UNITS];  // 0: is there
};

static const char* runtime_object(const struct site* site, int unit, char path[PATH_ROOM + 32]) {
  snprintf(path, PATH_ROOM + 32, "%s/%s.o", site->runtime, runtime_units[unit]);
  return path;
}

static pid_t start_runtime_unit(const struct site* site, int unit) {
  char object[PATH_ROOM + 32], fresh[PATH_ROOM + 64], source[PATH_ROOM * 2];
  runtime_object(site, unit, object);
  if (access(object, R_OK) == 0) return 0;
  snprintf(fresh, sizeof fresh, "%s.new", object);
  snprintf(source, sizeof source, "%s/%s.cpp", site->include, runtime_units[unit]);
  struct command command;
  compiler(&command, site, true, "-O1");
  add_all(&command, (const char* const[]){"-w", "-c", "-o", fresh, source, NULL});
  return start(&command, site->log);
}

static bool runtime_is_there(const struct site* site, const struct runtime_job* job) {
  char path[PATH_ROOM + 32];
  for (int unit = 0; unit < RUNTIME_UNITS; unit++)
    if (job->wanted[unit] && access(runtime_object(site, unit, path), R_OK) != 0) return false;
  return true;
}

static void start_missing_runtime(const struct site* site, struct runtime_job* job) {
  for (int unit = 0; unit < RUNTIME_UNITS; unit++)
    if (job->wanted[unit]) job->pid[unit] = start_runtime_unit(site, unit);
}

// Waits for those that were started, and lets others at it.
static bool finish_started_runtime(const struct site* site, struct runtime_job* job, struct error* err) {
  bool good = true;
  for (int unit = 0; unit < RUNTIME_UNITS; unit++) {
    if (!job->pid[unit]) continue;
    char object[PATH_ROOM + 32], fresh[PATH_ROOM + 64];
    runtime_object(site, unit, object);
    snprintf(fresh, sizeof fresh, "%s.new", object);
    int status = finish(job->pid[unit]);
    job->pid[unit] = 0;
    if (status == 0 && rename(fresh, object) == 0) continue;
    if (good) failed_build(site, "Verilator's runtime", status, err);
    good = false;
  }
  if (job->lock >= 0) close(job->lock);
  job->lock = -1;
  return good;
}

static void runtime_lock(const struct site* site, char path[PATH_ROOM + 16]) {
  snprintf(path, PATH_ROOM + 16, "%s.lock", site->runtime);
}

// Starts what is missing, unless another process is at it.
static void start_runtime(const struct rtl_build* build, const struct site* site, struct runtime_job* job) {
  char path[PATH_ROOM + 16];
  *job = (struct runtime_job){.lock = -1, .wanted = {true, true, build->traced, build->covered}};
  if (runtime_is_there(site, job)) return;
  runtime_lock(site, path);
  job->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (job->lock < 0) return;
  if (flock(job->lock, LOCK_EX | LOCK_NB) == 0) {
    start_missing_runtime(site, job);
  } else {
    close(job->lock);
    job->lock = -1;
  }
}

// The runtime is there when this returns true: what another process was at, or has not done, too.
static bool finish_runtime(const struct site* site, struct runtime_job* job, struct error* err) {
  if (!finish_started_runtime(site, job, err)) return false;
  if (runtime_is_there(site, job)) return true;
  char path[PATH_ROOM + 16];
  runtime_lock(site, path);
  job->lock = take_lock(path, err);
  if (job->lock < 0) return false;
  start_missing_runtime(site, job);
  return finish_started_runtime(site, job, err);
}

static bool verilate(const struct rtl_build* build, const struct sources* sources, const struct parameters* parameters,
                     struct site* site, struct error* err) {
  struct command command = {.count = 0};
  add_all(&command, (const char* const[]){"verilator",
                                          "--cc",
                                          "--prefix",
                                          "Vmmu",
                                          "--top-module",
                                          "mmu_top",
                                          "-O3",
                                          "--x-assign",
                                          "fast",
                                          "--x-initial",
                                          "fast",
                                          "--unroll-count",
                                          "4096",
                                          "--unroll-stmts",
                                          "200000",
                                          "--output-split",
                                          "0",
                                          "--timescale",
                                          "1ns/1ns",
                                          "-Wno-fatal",
                                          "--Mdir",
                                          site->folder,
                                          NULL});
  add(&command, build->checked ? "--assert" : "--noassert");
  if (build->bugs) add(&command, "-DBUGS");
  if (build->covered) add_all(&command, (const char* const[]){"--coverage-line", "--coverage-toggle", NULL});
  if (build->traced)
    add_all(&command, (const char* const[]){"--trace-fst", "--trace-structs", "--trace-max-array", "128",
                                            "--trace-max-width", "2048", NULL});
  for (size_t i = 0; i < PARAMETERS; i++) add(&command, parameters->text[i]);
  for (size_t i = 0; i < sources->count; i++) add(&command, sources->path[i]);
  int status = run(&command, site->log);
  return status == 0 || failed_build(site, "verilator", status, err);
}

// The generated code in up to three translation units, compiled side by side. What runs in every cycle stands in one
// with the shim, so that the compiler sees a whole access at once; what runs at the start, or for a waveform, takes as
// long to compile and needs no speed.
enum unit { UNIT_CYCLE, UNIT_TRACE, UNIT_START, UNITS };
static const char* const unit_names[UNITS] = {"cycle", "trace", "start"};

static enum unit unit_of(const char* name) {
  if (strstr(name, "__Slow")) return UNIT_START;
  return strstr(name, "__Trace") ? UNIT_TRACE : UNIT_CYCLE;
}

// Engines for waveforms are compiled in half the time rather than for speed: `make sim` begins with one.
static const char* level_of(enum unit unit, const struct rtl_build* build) {
  if (unit == UNIT_START) return "-O0";
  if (unit == UNIT_TRACE || build->covered) return "-O0";  // each point of coverage is code
  return build->quick || build->traced ? "-Og" : "-O3";
}

// Writes the unit's source, which takes in those of the `count` generated files that belong to it.
static bool write_unit(const struct site* site, enum unit unit, char names[][NAME_MAX + 1], size_t count,
                       struct error* err) {
  char path[PATH_ROOM + 32];
  snprintf(path, sizeof path, "%s/%s.cpp", site->folder, unit_names[unit]);
  FILE* file = fopen(path, "w");
  if (!file) return error_set(err, "%s: %s", path, strerror(errno));
  // Verilator 5.006 forgets to declare the variable of the loops in which assertions sample wide vectors.
  fprintf(file, "#include <verilated.h>\n[[maybe_unused]] static IData __Vilp;\n");
  for (size_t i = 0; i < count; i++)
    if (unit_of(names[i]) == unit) fprintf(file, "#include <%s>\n", names[i]);
  for (size_t i = 0; unit == UNIT_CYCLE && i < sizeof shim_files / sizeof *shim_files; i++)
    if (has_ending(shim_files[i], ".cpp")) fprintf(file, "#include \"rtl_engine/%s\"\n", shim_files[i]);
  if (fclose(file) != 0) return error_set(err, "%s: %s", path, strerror(errno));
  return true;
}

static bool write_units(const struct site* site, struct error* err) {
  char names[SOURCES_MAX][NAME_MAX + 1];
  size_t count = 0;
  DIR* dir = opendir(site->folder);
  if (!dir) return error_set(err, "%s: %s", site->folder, strerror(errno));
  for (struct dirent* entry; (entry = readdir(dir)) && count < SOURCES_MAX;) {
    if (strncmp(entry->d_name, "Vmmu", 4) == 0 && has_ending(entry->d_name, ".cpp")) {
      snprintf(names[count++], sizeof names[0], "%s", entry->d_name);
    }
  }
  closedir(dir);
  qsort(names, count, sizeof names[0], compare_names);
  for (enum unit unit = 0; unit < UNITS; unit++)
    if (!write_unit(site, unit, names, count, err)) return false;
  return true;
}

// The unit's object file.
static const char* object_of(const struct site* site, enum unit unit, char path[PATH_ROOM + 32]) {
  snprintf(path, PATH_ROOM + 32, "%s/%s.o", site->folder, unit_names[unit]);
  return path;
}

static pid_t start_unit(const struct rtl_build* build, const struct site* site, enum unit unit) {
  char source[PATH_ROOM + 32], object[PATH_ROOM + 32];
  snprintf(source, sizeof source, "%s/%s.cpp", site->folder, unit_names[unit]);
  object_of(site, unit, object);
  struct command command;
  compiler(&command, site, build->traced, level_of(unit, build));
  if (unit == UNIT_CYCLE && !build->quick && !build->traced) add(&command, "-ftracer");  // worth 3 %
  if (build->bugs) add(&command, "-DPAGEWALK_BUGS");
  if (build->checked) add(&command, "-DPAGEWALK_CHECKED");
  add(&command, build->covered ? "-DVM_COVERAGE=1" : "-DVM_COVERAGE=0");
  add_all(&command, (const char* const[]){"-isystem", site->folder, "-I", PAGEWALK_ROOT "/csrc", "-c", "-o", object,
                                          source, NULL});
  return start(&command, site->log);
}

static bool compile(const struct rtl_build* build, struct site* site, struct error* err) {
  if (!write_units(site, err)) return false;
  pid_t pids[UNITS];
  for (enum unit unit = 0; unit < UNITS; unit++) pids[unit] = start_unit(build, site, unit);
  int status = 0;
  for (enum unit unit = 0; unit < UNITS; unit++) {
    int of_this = finish(pids[unit]);
    if (status == 0) status = of_this;
  }
  return status == 0 || failed_build(site, "g++", status, err);
}

static bool link_units(const struct rtl_build* build, const struct runtime_job* job, struct site* site,
                       struct error* err) {
  char shared[PATH_ROOM + 32], objects[UNITS][PATH_ROOM + 32], libraries[RUNTIME_UNITS][PATH_ROOM + 32];
  struct command command = {.count = 0};
  snprintf(shared, sizeof shared, "%s/mmu.so", site->folder);
  add_all(&command, (const char* const[]){"g++", "-shared", "-o", shared, NULL});
  for (enum unit unit = 0; unit < UNITS; unit++) add(&command, object_of(site, unit, objects[unit]));
  for (int unit = 0; unit < RUNTIME_UNITS; unit++)
    if (job->wanted[unit]) add(&command, runtime_object(site, unit, libraries[unit]));
  add(&command, "-lpthread");
  if (build->traced) add(&command, "-lz");
  int status = run(&command, site->log);
  return status == 0 || failed_build(site, "linking", status, err);
}

// Empties the folder, but for the shared object and the log if `keep_result`.
static void clear_folder(const struct site* site, bool keep_result) {
  DIR* dir = opendir(site->folder);
  if (!dir) return;
  for (struct dirent* entry; (entry = readdir(dir));) {
    bool result = strcmp(entry->d_name, "mmu.so") == 0 || strcmp(entry->d_name, "log") == 0;
    if (entry->d_name[0] == '.' || (keep_result && result)) continue;
    unlinkat(dirfd(dir), entry->d_name, 0);
  }
  closedir(dir);
}

static bool make_folder(const char* path, struct error* err) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
  return error_set(err, "%s: %s", path, strerror(errno));
}

static bool build_here(const struct rtl_build* build, const struct sources* sources,
                       const struct parameters* parameters, struct site* site, struct error* err) {
  if (!make_folder(site->folder, err) || !make_folder(site->runtime, err)) return false;
  clear_folder(site, false);  // of what a build that was interrupted has left
  const struct config* c = build->config;
  fprintf(stderr, "pagewalk: building the RTL engine for itlb %ux%u, dtlb %ux%u", c->itlb.sets, c->itlb.ways,
          c->dtlb.sets, c->dtlb.ways);
  if (c->stlb.sets) fprintf(stderr, ", stlb %ux%u", c->stlb.sets, c->stlb.ways);
  fprintf(stderr, "%s%s ...", build->traced ? ", with waveform" : "", build->checked ? ", with assertions" : "");
  fflush(stderr);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  struct runtime_job job;
  start_runtime(build, site, &job);
  bool good = verilate(build, sources, parameters, site, err) && compile(build, site, err);
  good = finish_runtime(site, &job, good ? err : NULL) && good && link_units(build, &job, site, err);
  if (!good) {
    fprintf(stderr, " failed\n");
    return false;
  }
  clear_folder(site, true);
  if (rename(site->folder, site->final) != 0) {
    fprintf(stderr, " failed\n");
    return error_set(err, "%s: %s", site->final, strerror(errno));
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  fprintf(stderr, " %.1f s\n", (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) * 1e-9);
  return true;
}

bool rtl_build(const struct rtl_build* build, char* path, size_t room, struct error* err) {
  struct site site;
  struct sources* sources = malloc(sizeof *sources);
  if (!sources) return error_set(err, "out of memory");
  struct parameters parameters;
  uint64_t tool, hash = 0;
  bool good = false;
  int lock = -1;
  find_parameters(build->config, &parameters);
  if (!hash_verilator(&tool) || !on_path("g++")) {
    error_set(err, "%s", no_verilator);
    goto out;
  }
  if (!find_sources(sources, build->checked, err)) goto out;
  if (!hash_build(build, sources, &parameters, tool, &hash, err)) goto out;

  snprintf(site.final, sizeof site.final, "%s/%016llx", CACHE, (unsigned long long)hash);
  snprintf(site.folder, sizeof site.folder, "%s/%016llx.new", CACHE, (unsigned long long)hash);
  snprintf(site.log, sizeof site.log, "%s/log", site.folder);
  snprintf(site.runtime, sizeof site.runtime, "%s/lib-%016llx", CACHE, (unsigned long long)tool);
  snprintf(path, room, "%s/mmu.so", site.final);
  if (access(path, R_OK) == 0) {
    good = true;
    goto out;
  }
  if (!ask("verilator --getenv VERILATOR_ROOT", site.include, sizeof site.include - 16)) {
    error_set(err, "%s", no_verilator);
    goto out;
  }
  strcat(site.include, "/include");
  snprintf(site.vltstd, sizeof site.vltstd, "%s/vltstd", site.include);
  if (!make_folder(PAGEWALK_ROOT "/build", err) || !make_folder(CACHE, err)) goto out;
  char lock_path[PATH_ROOM + 16];
  snprintf(lock_path, sizeof lock_path, "%s.lock", site.final);
  lock = take_lock(lock_path, err);
  if (lock < 0) goto out;
  // Somebody else may have built it while we waited.
  good = access(path, R_OK) == 0 || build_here(build, sources, &parameters, &site, err);
out:
  if (lock >= 0) close(lock);
  free(sources);
  return good;
}
