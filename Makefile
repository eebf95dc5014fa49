# SPDX-License-Identifier: MIT
# Pagewalk: every job by name. `make help` lists them. V=1 shows the commands.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY: # keep objects
MAKEFLAGS += --no-builtin-rules --no-print-directory
Q := $(if $(V),,@)

.PHONY: all
all: build/.ready ## build the program (default)
	$(Q)$(MAKE) $(PARALLEL) build/pagewalk

# ---- what there is ----------------------------------------------------------------------------------------------------
PACKAGES   := $(shell sed 's/\#.*//' packages.txt)
C_SOURCES  := $(sort $(wildcard csrc/*/*.c))
FW_SOURCES := $(sort $(wildcard firmware/kernel/*.c firmware/kernel/*/*.c firmware/lib/*.c))
HEADERS    := $(sort $(wildcard csrc/*/*.h firmware/*/*.h firmware/*/*/*.h tests/*.h tests/*/*.h))
CPP_SOURCES:= $(sort $(wildcard csrc/rtl_engine/*.cpp csrc/systemc/*.cpp))
RTL        := $(sort $(wildcard rtl/*.sv rtl/*/*.sv rtl/*.svh rtl/*/*.svh rtl/*.vlt))
TEST_MAINS := $(sort $(wildcard tests/*/test_*.c))
TEST_SUPPORT := $(sort $(filter-out $(TEST_MAINS),$(wildcard tests/*.c tests/*/*.c)))
TESTS      := $(TEST_MAINS:tests/%.c=build/tests/%)
FIRMWARE_TESTS = $(filter build/tests/firmware/% build/tests/programs/% %/test_cpu %/test_cli_programs,$(TESTS))

I386_FORMATTED := $(wildcard tests/core/i386/*.[ch] tests/core/i386/programs/*.c)
FORMATTED   = $(C_SOURCES) $(CPP_SOURCES) $(FW_SOURCES) $(HEADERS) $(TEST_MAINS) $(TEST_SUPPORT) $(I386_FORMATTED) \
              $(PROGRAM_FORMATTED) bench/bench.c bench/core.c bench/flat.c bench/flat.h bench/programs.c $(TRACE_TOOL).c $(CASE_TOOL).c $(SWEEP_TOOL).c

# ---- flags --------------------------------------------------------------------------------------------------------------
CC       := gcc
LIBS     := libcyaml jansson libarchive zlib
WARN     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS := -D_GNU_SOURCE -DPAGEWALK_ROOT='"$(CURDIR)"' -Icsrc -Ifirmware -MMD -MP
CFLAGS   := -std=c11 $(WARN) -g
RELEASE  := -O3 -fno-plt
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDLIBS    = $(shell pkg-config --libs $(LIBS)) -ldl -lm -lpthread
# Builds that other jobs begin with use all processors, unless -j says how many.
PARALLEL  = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
CACHE    := $(if $(shell command -v ccache),ccache)
# The kernel is freestanding: no libc headers, no libc calls.
FWFLAGS  := -std=c11 $(WARN) -g -ffreestanding -fno-builtin -nostdinc -isystem $(shell $(CC) -print-file-name=include)

define say
@printf '  %-9s %s\n' $(1) $(2)
endef

# ---- the program, and the same objects with sanitizers for the tests ---------------------------------------------------
MAIN_OBJECT := csrc/cli/main
OBJECTS     := $(C_SOURCES:.c=.o) $(FW_SOURCES:.c=.o)
REL_OBJECTS := $(OBJECTS:%=build/release/%)
SAN_OBJECTS := $(OBJECTS:%=build/sanitize/%)

build/pagewalk: $(REL_OBJECTS) | build/.ready
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -rdynamic -o $@ $(REL_OBJECTS) $(LDLIBS)

build/release/firmware/%.o: firmware/%.c | build/.ready
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(FWFLAGS) -Ifirmware -MMD -MP $(RELEASE) -c -o $@ $<

build/release/%.o: %.c | build/.ready
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(CPPFLAGS) $(CFLAGS) $(RELEASE) -c -o $@ $<

build/sanitize/firmware/%.o: firmware/%.c | build/.ready
	$(call say,CC-SAN,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(FWFLAGS) -Ifirmware -MMD -MP $(SANITIZE) -c -o $@ $<

build/sanitize/%.o: %.c | build/.ready
	$(call say,CC-SAN,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(SANITIZE) -c -o $@ $<

build/tests/%: build/sanitize/tests/%.o $(TEST_SUPPORT:%.c=build/sanitize/%.o) \
               $(filter-out build/sanitize/$(MAIN_OBJECT).o,$(SAN_OBJECTS))
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(SANITIZE) -rdynamic -o $@ $^ $(shell pkg-config --libs cmocka) $(LDLIBS)

# ---- programs for the i386 core, which also run natively ---------------------------------------------------------------
# As user programs are compiled: freestanding 32-bit code without floating point, at one fixed place.
I386_CC       := $(CC) -m32 -std=gnu11 -mno-sse -mno-mmx -ffreestanding -fno-pie -no-pie -static -nostdlib \
                 -fno-stack-protector -fcf-protection=none -Wl,--emit-relocs -Wl,--build-id=none
I386_SOURCES  := $(wildcard tests/core/i386/programs/*.c)
I386_VARIANTS := O0-i386 O2-i586 Os-i686 O3-i486
I386_PROGRAMS := $(foreach v,$(I386_VARIANTS),$(I386_SOURCES:tests/core/i386/programs/%.c=build/i386/%-$(v)))
CSMITH_COUNT  := 12

define i386_variant
build/i386/%-$(1): tests/core/i386/programs/%.c tests/core/i386/runtime.c tests/core/i386/runtime.h | build/.ready
	$$(call say,CC-I386,$$@)
	$$(Q)mkdir -p $$(@D) && $$(I386_CC) -$(subst -, -march=,$(1)) $$(WARN) -o $$@ $$(filter %.c,$$^) -lgcc
endef
$(foreach v,$(I386_VARIANTS),$(eval $(call i386_variant,$(v))))

# One of them linked to another place, with line numbers.
build/i386/structures-moved: tests/core/i386/programs/structures.c tests/core/i386/runtime.c | build/.ready
	$(call say,CC-I386,$@)
	$(Q)mkdir -p $(@D) && $(I386_CC) -g -O2 -march=i586 $(WARN) -Wl,-Ttext-segment=0x10000000 -o $@ $^ -lgcc

build/i386/native: tests/core/i386/native.c tests/core/i386/native.h | build/.ready
	$(call say,CC-I386,$@)
	$(Q)mkdir -p $(@D) && $(CC) -m32 -D_GNU_SOURCE -std=gnu11 -O1 -fno-stack-protector $(WARN) -o $@ $<

build/i386/csmith-$(CSMITH_COUNT).ready: tests/core/i386/csmith.sh tests/core/i386/runtime.c | build/.ready
	$(call say,CSMITH,"$(CSMITH_COUNT) random programs")
	$(Q)mkdir -p $(@D) && $< 1 $(CSMITH_COUNT) $(@D) $(I386_CC) -march=i586 && touch $@

$(filter build/tests/core/%,$(TESTS)): | build/i386/native $(I386_PROGRAMS) \
  build/i386/structures-moved build/i386/csmith-$(CSMITH_COUNT).ready

# ---- programs: C for the i386 core (docs/programs.md, "Writing a program") -----------------------------------------------
# build/programs/NAME from firmware/user/NAME.c. The same objects linked for Linux, build/programs/native/NAME, are the
# judge of what they print; linked with code and data far apart, build/programs/apart/NAME, of relocation records.
PROGRAM_LIB      := firmware/lib/program
PROGRAM_SOURCES  := $(sort $(wildcard firmware/user/*.c))
PROGRAM_LIBC     := $(sort $(wildcard $(PROGRAM_LIB)/*.c))
PROGRAM_NAMES    := $(PROGRAM_SOURCES:firmware/user/%.c=%)
PROGRAMS         := $(PROGRAM_NAMES:%=build/programs/%)
PROGRAMS_NATIVE  := $(PROGRAM_NAMES:%=build/programs/native/%)
PROGRAMS_APART   := $(PROGRAM_NAMES:%=build/programs/apart/%)
PROGRAM_TESTS    := $(sort $(wildcard tests/programs/i386/*.c))
PROGRAM_FORMATTED:= $(PROGRAM_SOURCES) $(PROGRAM_LIBC) $(PROGRAM_TESTS) \
                    $(sort $(wildcard $(PROGRAM_LIB)/include/*.h $(PROGRAM_LIB)/include/*/*.h))
PROGRAM_LIBRARY  := build/programs/lib/libprogram.a
# Integers only; no code or data that depends on where it lies but through relocation records.
PROGRAM_FLAGS    := -m32 -std=gnu11 -march=i586 -O2 -g -gno-record-gcc-switches -mgeneral-regs-only -ffreestanding -fno-pie \
                    -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -ffunction-sections \
                    -fdata-sections -fno-common -ffile-prefix-map=$(CURDIR)/= \
                    -nostdinc -isystem $(PROGRAM_LIB)/include -isystem $(shell $(CC) -print-file-name=include)
PROGRAM_LINK     := $(CC) -m32 -static -no-pie -nostdlib -Wl,--emit-relocs,--gc-sections,--build-id=none \
                    -Wl,-T,$(PROGRAM_LIB)/program.ld
COMMA            := ,

build/programs/lib/%.o: $(PROGRAM_LIB)/%.c | build/.ready
	$(call say,CC-I386,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(PROGRAM_FLAGS) -fno-tree-loop-distribute-patterns $(WARN) -MMD -MP -c -o $@ $<

$(PROGRAM_LIBRARY): $(PROGRAM_LIBC:$(PROGRAM_LIB)/%.c=build/programs/lib/%.o)
	$(Q)rm -f $@ && ar rcs $@ $^

build/programs/objects/%.o: firmware/user/%.c | build/.ready
	$(call say,CC-I386,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(PROGRAM_FLAGS) $(WARN) -MMD -MP -c -o $@ $<

define program_link
$(1): build/programs/$(2)%: build/programs/objects/%.o $(PROGRAM_LIBRARY) $(PROGRAM_LIB)/program.ld
	$$(Q)mkdir -p $$(@D) && $(PROGRAM_LINK) $(3) -o $$@ $$< $(PROGRAM_LIBRARY) -lgcc
endef
$(eval $(call program_link,$(PROGRAMS)))
$(eval $(call program_link,$(PROGRAMS_NATIVE),native/,-Wl$(COMMA)-Ttext-segment=0x8048000))
$(eval $(call program_link,$(PROGRAMS_APART),apart/,-Wl$(COMMA)-Ttext-segment=0x300000$(COMMA)-Tdata=0x60000000))

# What the C library of programs does, and glibc does, for one test program.
build/programs/objects/libc.o: tests/programs/i386/libc.c | build/.ready
	$(call say,CC-I386,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) $(CC) $(PROGRAM_FLAGS) $(WARN) -MMD -MP -c -o $@ $<

build/programs/native/libc: build/programs/objects/libc.o $(PROGRAM_LIBRARY) $(PROGRAM_LIB)/program.ld
	$(Q)mkdir -p $(@D) && $(PROGRAM_LINK) -Wl,-Ttext-segment=0x8048000 -o $@ $< $(PROGRAM_LIBRARY) -lgcc

build/programs/glibc/libc: tests/programs/i386/libc.c | build/.ready
	$(call say,CC-I386,$@)
	$(Q)mkdir -p $(@D) && $(CC) -m32 -std=gnu11 -O2 -fno-builtin $(WARN) -o $@ $<

.PHONY: programs program
programs: $(PROGRAMS)

program: $(PROGRAM_LIBRARY) ## your own C file becomes a program: SRC=mine.c; OUT=another folder (docs/programs.md)
	$(Q)scripts/program.sh '$(SRC)' '$(or $(OUT),build/programs)' '$(CC) $(filter-out -ffile-prefix-map=%,$(PROGRAM_FLAGS)) -Wall -Wextra' \
	  '$(PROGRAM_LINK)' $(PROGRAM_LIBRARY)

build/pagewalk: | $(PROGRAMS)
$(filter build/tests/programs/%,$(TESTS)): | $(PROGRAMS) $(PROGRAMS_NATIVE) $(PROGRAMS_APART) build/programs/native/libc build/programs/glibc/libc

-include $(shell find build -name '*.d' 2>/dev/null)

# Says what is missing, and the one command that brings it, before the compiler does.
build/.ready: packages.txt
	$(Q)missing=(); for p in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing+=($$p); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  echo "pagewalk: these Debian packages are missing: $${missing[*]}" >&2; \
	  echo "pagewalk: install them with: make setup" >&2; exit 1; fi; \
	mkdir -p build && touch $@

.PHONY: setup
setup: ## install the Debian packages of packages.txt (as root, or through sudo)
	$(Q)scripts/setup.sh packages.txt

.PHONY: sim
sim: all ## the tour: a real program's trace over the Verilated MMU, in two paging modes; writes a waveform
	$(Q)build/pagewalk tour

.PHONY: test
test: build/.ready ## all tests; TEST=name runs one program, CASE=pattern some of its cases, XML=dir writes XML
	$(Q)$(MAKE) $(PARALLEL) build/pagewalk $(if $(TEST),$(filter %/$(TEST) %/test_$(TEST),$(TESTS)),$(TESTS))
	$(Q)scripts/test.sh $(if $(TEST),--only '$(TEST)') $(if $(CASE),--case '$(CASE)') $(if $(XML),--xml '$(XML)') $(TESTS)

# The operating system's and its programs'.
.PHONY: test-firmware
test-firmware: build/.ready ## only the tests of the operating system and of programs
	$(Q)$(MAKE) $(PARALLEL) build/pagewalk $(FIRMWARE_TESTS)
	$(Q)scripts/test.sh $(if $(XML),--xml '$(XML)') $(FIRMWARE_TESTS)

# ---- every combination of access rights ----------------------------------------------------------------------------------
SWEEP_TOOL := csrc/fuzz/tools/pagewalk-sweep

build/pagewalk-sweep: build/release/$(SWEEP_TOOL).o $(filter-out build/release/$(MAIN_OBJECT).o,$(REL_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -rdynamic -o $@ $^ $(LDLIBS)

.PHONY: sweep-access
sweep-access: build/pagewalk-sweep ## entry bits x control bits x accesses x ways to be served, judged; ENGINE=both, STRIDE=1: all
	$(Q)build/pagewalk-sweep --engine '$(or $(ENGINE),both)' --stride '$(or $(STRIDE),1)'

# ---- fuzzing the engines -------------------------------------------------------------------------------------------------
# A number that was given as COUNT=, or else this one.
count_or = $(if $(filter file undefined,$(origin COUNT)),$(1),$(COUNT))
CASE_TOOL := csrc/fuzz/tools/pagewalk-fuzz

build/pagewalk-fuzz: build/release/$(CASE_TOOL).o $(filter-out build/release/$(MAIN_OBJECT).o,$(REL_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -rdynamic -o $@ $^ $(LDLIBS)

.PHONY: fuzz
fuzz: build/pagewalk-fuzz ## random machines and software on both engines, judged; SEED=first case, COUNT=cases
	$(Q)build/pagewalk-fuzz --seed $(or $(SEED),1) --count $(call count_or,2000)

.PHONY: test-long
test-long: build/pagewalk-fuzz ## hours: fuzzers of engines and parsers, every access, the i386 core, programs; SEED=, COUNT=cases scales it
	$(Q)build/pagewalk-fuzz --seed $(or $(SEED),1) --count $(call count_or,200000)
	$(Q)build/pagewalk-fuzz --engine model --seed $(or $(SEED),1) --count $(call count_or,200000) --coverage
	$(Q)$(MAKE) sweep-access
	$(Q)$(MAKE) fuzz-parsers COUNT=10000000 SEED=$(or $(SEED),1)
	$(Q)PAGEWALK_CORE_CASES=1000000 $(MAKE) test TEST=core_native
	$(Q)PAGEWALK_CSMITH=300 $(MAKE) test TEST=core_programs CSMITH_COUNT=300
	$(Q)PAGEWALK_PROGRAMS=all $(MAKE) test TEST=programs_run

# ---- fuzzing the parsers -----------------------------------------------------------------------------------------------
# Each tests/parsers/fuzz_NAME.c becomes a program with clang's libFuzzer and its sanitizers. `make test` has a short run
# of the same files, test_parsers.
PARSERS        := $(patsubst tests/parsers/fuzz_%.c,%,$(sort $(wildcard tests/parsers/fuzz_*.c)))
FUZZ_SANITIZE  := -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -O2 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS   := $(patsubst %,build/libfuzzer/%,$(filter-out $(MAIN_OBJECT).o,$(OBJECTS)) tests/parsers/parsers.o)
COUNT          ?= 1000000

build/libfuzzer/firmware/%.o: firmware/%.c | build/.ready
	$(call say,CC-FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) clang $(filter-out -isystem,$(subst $(shell $(CC) -print-file-name=include),,$(FWFLAGS))) \
	  -isystem $$(clang -print-resource-dir)/include -Ifirmware -MMD -MP $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link -c -o $@ $<

build/libfuzzer/%.o: %.c | build/.ready
	$(call say,CC-FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CACHE) clang $(CPPFLAGS) -Itests -DPARSER_LIBFUZZER $(CFLAGS) $(FUZZ_SANITIZE) \
	  -fsanitize=fuzzer-no-link -c -o $@ $<

build/libfuzzer/pagewalk.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

build/libfuzzer/fuzz_%: build/libfuzzer/tests/parsers/fuzz_%.o build/libfuzzer/pagewalk.a
	$(call say,LINK,$@)
	$(Q)clang $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

.PHONY: fuzz-parsers
fuzz-parsers: ## every parser under libFuzzer; COUNT=executions in all, SEED=, PARSER=one of them
	$(Q)scripts/fuzz_parsers.sh '$(or $(PARSER),$(PARSERS))' '$(COUNT)' '$(or $(SEED),1)'

# ---- proofs, deliberate bugs, coverage -----------------------------------------------------------------------------------
# BUG=n puts deliberate bug n of rtl/bugs/catalogue.txt into the RTL, BUG=?seed one that nobody names.
ifneq ($(BUG),)
test sim fuzz: export PAGEWALK_BUG := $(BUG)
test: export ASAN_OPTIONS := detect_leaks=0 # tests that fail don't tidy up
endif

.PHONY: formal
formal: ## the proofs: PROOF=pattern some of them, BUG=n of a broken design, BUG=all each once broken (must fail)
	$(Q)BUG='$(BUG)' scripts/formal.sh '$(PROOF)'

.PHONY: bugs
bugs: build/pagewalk build/pagewalk-fuzz ## the tests against every deliberate bug; BUG=n: one; WRITE=1: docs/bugs.md
	$(Q)scripts/bugs.sh $(if $(WRITE),--write) $(BUG)

.PHONY: coverage
coverage: build/pagewalk-fuzz ## functional coverage; lines and toggles of the RTL; lines of C and firmware: build/coverage
	$(Q)scripts/coverage.sh

# ---- figures -------------------------------------------------------------------------------------------------------------
TRACES := $(sort $(wildcard tests/traces/*.pwt.xz))

build/yardstick: bench/yardstick.c | build/.ready
	$(call say,CC,$<)
	$(Q)$(CC) -O3 -march=native -o $@ $<

build/bench: build/release/bench/bench.o $(filter-out build/release/$(MAIN_OBJECT).o,$(REL_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -rdynamic -o $@ $^ $(LDLIBS)

build/bench-core: build/release/bench/core.o build/release/bench/flat.o \
                  $(filter build/release/csrc/core/% build/release/csrc/base/%,$(REL_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -o $@ $^

build/bench-programs: build/release/bench/programs.o build/release/bench/flat.o \
                      $(filter-out build/release/$(MAIN_OBJECT).o,$(REL_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -rdynamic -o $@ $^ $(LDLIBS)

.PHONY: bench
bench: build/bench build/yardstick bench-core bench-programs ## accesses per second of both engines and of a plain TLB simulator; the core's instructions
	$(Q)build/bench build/yardstick $(TRACES)

.PHONY: bench-core
bench-core: build/bench-core $(I386_PROGRAMS) ## instructions per second of the i386 core alone, memory stubbed
	$(Q)build/bench-core $(I386_PROGRAMS)

.PHONY: bench-programs
bench-programs: build/bench-programs $(PROGRAMS) ## instructions per second of programs on both engines, beside the core alone
	$(Q)build/bench-programs

# ---- traces --------------------------------------------------------------------------------------------------------------
TRACE_TOOL := csrc/workload/tools/pagewalk-trace

build/pagewalk-trace: build/release/$(TRACE_TOOL).o $(filter-out build/release/$(MAIN_OBJECT).o,$(REL_OBJECTS))
	$(call say,LINK,$@)
	$(Q)$(CC) $(RELEASE) -rdynamic -o $@ $^ $(LDLIBS)

.PHONY: traces
traces: build/pagewalk-trace ## record the shipped traces anew, with valgrind
	$(Q)scripts/traces.sh

.PHONY: lint
lint: build/.ready ## verilator -Wall, gcc -Wall -Wextra as 32-bit freestanding for the firmware, formatting
	$(call say,LINT,"rtl (verilator -Wall)")
	$(Q)scripts/lint_rtl.sh
	$(call say,LINT,"firmware (gcc -m32 -ffreestanding)")
	$(Q)for f in $(FW_SOURCES); do $(CC) -m32 $(FWFLAGS) -Ifirmware -O2 -c -o /dev/null $$f; done
	$(call say,LINT,"formatting (clang-format)")
	$(Q)clang-format --dry-run --Werror $(FORMATTED)

.PHONY: format
format: ## format all C and C++ sources in place
	$(Q)clang-format -i $(FORMATTED)

.PHONY: waves
waves: build/pagewalk ## the tour's waveform in GTKWave
	$(Q)scripts/waves.sh

.PHONY: clean
clean: ## remove everything that was built
	$(Q)rm -rf build waves/*.fst

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
