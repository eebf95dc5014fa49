// SPDX-License-Identifier: MIT
// The table of shipped programs.
#include "programs/shipped.h"

#include <signal.h>
#include <stdio.h>

#define FOLDER PAGEWALK_ROOT "/build/programs/native"

enum { SECONDS = 10, ENDLESS_SECONDS = 1 };

const struct shipped shipped_programs[] = {
    // The notes' own.
    {"add3", 0, 0, 0, "x = 6000\n"},
    {"add3 1", 0, 0, 0, "x = 3003\n"},
    {"add3 4 -20", 0, 0, 0, "x = -8\n"},
    {"fork", SHIPPED_KERNEL | SHIPPED_ADDRESSES, 0, 0, "[Parent] x: 1 ("},
    {"quiz", SHIPPED_ADDRESSES, 0, 0, "main 0x"},
    {"hello", 0, 0, 0, "hello\n"},
    {"hello short", 0, 0, 0, "hello\n"},
    {"hello nowhere", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    // Real ones.
    {"echo", 0, 0, 0, "\n"},
    {"echo one two three", 0, 0, 0, "one two three\n"},
    {"sort", SHIPPED_LARGE, 0, 0, "sorted 2000 numbers"},
    {"sort 100 7", 0, 0, 0, "sorted 100 numbers"},
    {"sort 0", 0, 1, 0, NULL},
    {"sieve", SHIPPED_LARGE, 0, 0, "1229 primes below 10000, the last is 9973\n"},
    {"sieve 500", 0, 0, 0, "95 primes below 500, the last is 499\n"},
    {"sieve 2", 0, 1, 0, NULL},
    {"matrix", SHIPPED_LARGE, 0, 0, "32 x 32"},
    {"matrix 32 column", SHIPPED_LARGE, 0, 0, "32 x 32"},
    {"matrix 9", 0, 0, 0, "9 x 9"},
    {"matrix 0", 0, 1, 0, NULL},
    {"hash", SHIPPED_LARGE, 0, 0, "1500 keys in, 750 found in 1024 chains\n"},
    {"hash 50", 0, 0, 0, "50 keys in, 25 found in 64 chains\n"},
    {"search", SHIPPED_LARGE, 0, 0, "\"fault\" occurs"},
    {"search 500 page", 0, 0, 0, "\"page\" occurs"},
    {"search 500 nothing", 0, 0, 0, "\"nothing\" occurs 0 times in 500 bytes\n"},
    {"store", SHIPPED_LARGE, 0, 0, "1000 operations: "},
    {"store 40 60", 0, 0, 0, "60 operations: "},
    {"store 0", 0, 1, 0, NULL},
    {"recurse", 0, 0, 0, "the sum of 1 to 100 is 5050\n"},
    {"recurse 1000", 0, 0, 0, "the sum of 1 to 1000 is 500500\n"},
    {"static-array", 0, 0, 0, "the median of 100 numbers"},
    {"static-array 20000", 0, 1, 0, NULL},
    {"dynamic", 0, 0, 0, "the median of 100 numbers"},
    {"dynamic 2000", SHIPPED_LARGE, 0, 0, "the median of 2000 numbers"},
    {"guard", 0, 0, 0, "nobody touched my data\n"},
    {"switcher", 0, 0, 0, "8 pages, 50 times\n"},
    {"switcher 0", 0, 1, 0, NULL},
    {"child 42", 0, 42, 0, "child: ending with status 42\n"},
    {"parent", SHIPPED_KERNEL, 0, 0, "child: ending with status 7\nparent: the child ended with status 7\n"},
    {"parent 300", SHIPPED_KERNEL, 0, 0, "parent: the child ended with status 44\n"},
    {"children", SHIPPED_KERNEL, 0, 0, "4 children came back\n"},
    {"children 9", SHIPPED_KERNEL, 0, 0, "9 children came back\n"},
    {"killer", SHIPPED_KERNEL, 0, 0, "the child died of signal 9\n"},
    {"sleeper", SHIPPED_KERNEL, 0, 0, "slept 20 ms\n"},
    // Those that must be stopped.
    {"spin", 0, 0, SIGALRM, NULL},
    {"read-kernel", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"write-code", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"jump-to-data", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"load-segment", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"load-cr3", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged cr0", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged cr4", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged invlpg", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged lgdt", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged hlt", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged cli", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged in", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"privileged out", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"divide", SHIPPED_PROTECTED, 0, SIGFPE, NULL},
    {"bad-opcode", SHIPPED_PROTECTED, 0, SIGILL, NULL},
    {"null", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"stack-overflow", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"wild-store 0x1000", SHIPPED_PROTECTED, 0, SIGSEGV, NULL},
    {"wild-store", 0, 1, 0, NULL},
};
const size_t shipped_count = sizeof shipped_programs / sizeof *shipped_programs;

void shipped_run_natively(const struct shipped* program, bool together, struct outcome* outcome) {
  char line[256], path[256];
  const char* words[COMMAND_WORDS_MAX];
  command_words(program->command, line, sizeof line, words);
  snprintf(path, sizeof path, "./%s", words[0]);
  struct command command = {.path = path,
                            .words = words,
                            .folder = FOLDER,
                            .seconds = program->signal == SIGALRM ? ENDLESS_SECONDS : SECONDS,
                            .together = together};
  command_run(&command, outcome);
}
