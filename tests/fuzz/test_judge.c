// SPDX-License-Identifier: MIT
// The judge itself: every rule with an answer that keeps it and one that breaks it, told in a small language, so that
// what is judged is on one line:
//   mem PA VALUE                another agent writes 8 bytes
//   reg NAME VALUE [gp]         a control register is written; `gp`: the machine refused
//   invlpg VA, invpcid TYPE PCID VA [gp], seg N BASE LIMIT [flags d: expand-down, r: read-only, 0: privilege 0]
//   ask r|w|x VA [u][a][i][sN]  a part is accepted: by a user, with AC, implicit, in segment N
//   swap PA OLD NEW             the walker writes an entry
//   off|l1|stlb|walk ok PA, … pf ERROR [CR2], off|l1 gp    it is answered; CR2 is the address asked for unless stated
//   flush VA … over             INVLPG arrives while the access is under way; its last cycle
//   prefetch VA                 a prefetch fills the second level
// All numbers are hexadecimal.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "fuzz/history.h"
#include "fuzz/judge.h"

struct court {
  struct judge* judge;
  struct history* memory;
  uint64_t cycle, va;
  enum port port;
};

static const char* const registers[] = {"cr0", "cr3", "cr4", "efer", "pkru"};
static const char* const paths[] = {"off", "l1", "stlb", "walk"};

static int index_in(const char* word, const char* const* words, int count) {
  for (int i = 0; i < count; i++)
    if (strcmp(word, words[i]) == 0) return i;
  return -1;
}

static void write_word(struct court* court, uint64_t pa, uint64_t value, bool by_walker) {
  history_wrote(court->memory, court->cycle, pa, value, by_walker);
  if (!by_walker) judge_wrote(court->judge, court->cycle, pa, value);
}

static void finish_control(struct court* court, const struct control* control, uint64_t pdptes_at, bool gp) {
  judge_control_arrived(court->judge, court->cycle, control);
  for (unsigned i = 0; i < 4; i++)
    judge_read(court->judge, court->cycle, pdptes_at + 8 * i, 8, history_value(court->memory, pdptes_at + 8 * i, 8));
  judge_control_done(court->judge, court->cycle + 4, gp);
}

static void ask(struct court* court, const char* kind, uint64_t va, const char* flags) {
  struct ref part = {.va = va, .size = 1};
  const char* segment = strchr(flags, 's');
  part.kind = *kind == 'r' ? ACCESS_READ : *kind == 'w' ? ACCESS_WRITE : ACCESS_FETCH;
  if (strchr(flags, 'u')) part.flags |= REF_USER;
  if (strchr(flags, 'a')) part.flags |= REF_AC;
  if (strchr(flags, 'i')) part.flags |= REF_IMPLICIT;
  if (segment) part.segment = (uint8_t)(segment[1] - '0');
  court->va = va;
  court->port = part.kind == ACCESS_FETCH ? PORT_FETCH : PORT_DATA;
  judge_accepted(court->judge, court->cycle, court->port, &part);
}

static void answer(struct court* court, int path, const char* outcome, uint64_t value, uint64_t cr2) {
  struct answer a = {.path = (uint8_t)path, .cycle = court->cycle, .base = 1};
  const struct answer* both[PORT_COUNT] = {NULL, NULL};
  const unsigned from_root[PORT_COUNT] = {0, 0};
  if (strcmp(outcome, "ok") == 0) a.pa = value;
  if (strcmp(outcome, "gp") == 0) a.fault = FAULT_GP;
  if (strcmp(outcome, "bus") == 0) a.fault = FAULT_BUS;
  if (strcmp(outcome, "pf") == 0) {
    a.fault = FAULT_PF;
    a.error = (uint8_t)value;
    a.cr2 = cr2 == UINT64_MAX ? court->va : cr2;
  }
  if (path == PATH_WALK) a.reads = 1, a.walk = 40;
  both[court->port] = &a;
  judge_answered(court->judge, court->cycle, both, from_root);
}

static void play(struct court* court, char* statement) {
  char word[6][32] = {{0}};
  uint64_t number[6];
  int words = sscanf(statement, "%31s %31s %31s %31s %31s %31s", word[0], word[1], word[2], word[3], word[4], word[5]);
  if (words < 1) return;
  for (int i = 0; i < 6; i++) number[i] = strtoull(word[i], NULL, 16);
  int path = index_in(word[0], paths, 4);
  court->cycle += 10;
  if (path >= 0) {
    answer(court, path, word[1], number[2], words > 3 ? number[3] : UINT64_MAX);
  } else if (strcmp(word[0], "mem") == 0) {
    write_word(court, number[1], number[2], false);
  } else if (strcmp(word[0], "reg") == 0) {
    int which = index_in(word[1], registers, 5);
    assert_true(which >= 0);
    struct control control = {.op = (uint8_t)which, .value = number[2], .user = strcmp(word[3], "user") == 0};
    finish_control(court, &control, 0x1000, control.user || strcmp(word[3], "gp") == 0);
  } else if (strcmp(word[0], "invlpg") == 0) {
    finish_control(court, &(struct control){.op = CONTROL_INVLPG, .value = number[1]}, 0, false);
  } else if (strcmp(word[0], "invpcid") == 0) {
    struct control control = {.op = CONTROL_INVPCID, .type = number[1], .pcid = number[2], .value = number[3]};
    finish_control(court, &control, 0, strcmp(word[4], "gp") == 0);
  } else if (strcmp(word[0], "seg") == 0) {
    struct control control = {.op = CONTROL_SEGMENT, .index = (uint8_t)number[1]};
    control.segment = (struct segment){.base = number[2],
                                       .limit = number[3],
                                       .present = true,
                                       .writable = !strchr(word[4], 'r'),
                                       .expand_down = strchr(word[4], 'd') != NULL,
                                       .privilege = strchr(word[4], '0') ? 0 : 3};
    finish_control(court, &control, 0, false);
  } else if (strcmp(word[0], "ask") == 0) {
    ask(court, word[1], number[2], word[3]);
  } else if (strcmp(word[0], "swap") == 0) {
    judge_swapped(court->judge, court->cycle, number[1], 8, number[2], number[3]);
    write_word(court, number[1], number[3], true);
  } else if (strcmp(word[0], "flush") == 0) {
    judge_control_arrived(court->judge, court->cycle, &(struct control){.op = CONTROL_INVLPG, .value = number[1]});
  } else if (strcmp(word[0], "over") == 0) {
    judge_control_done(court->judge, court->cycle, false);
  } else if (strcmp(word[0], "prefetch") == 0) {
    judge_prefetched(court->judge, court->cycle, PORT_DATA, ARRAY_STLB, number[1]);
  } else {
    fail_msg("what is '%s'?", statement);
  }
}

// Where memory ends in all stories.
#define MEMORY UINT64_C(0x100000000)

// The verdict on what `story` tells, after the beginning `before`. NULL: nothing wrong.
static const char* judge_story(const struct config* config, const char* before, const char* story, char verdict[4096]) {
  char text[4096], *rest = text;
  struct court court = {.judge = judge_create(config, MEMORY), .memory = history_create()};
  snprintf(text, sizeof text, "%s;%s", before, story);
  for (char* statement; (statement = strtok_r(rest, ";", &rest));) play(&court, statement);
  const char* said = judge_verdict(court.judge);
  if (said) snprintf(verdict, 4096, "%s", said);
  judge_destroy(court.judge);
  history_destroy(court.memory);
  return said ? verdict : NULL;
}

struct story {
  const char* rule;
  const char* story;
  const char* caught;  // what the verdict speaks of; NULL: allowed
};

static void judge_stories(const struct config* config, const char* before, const struct story* stories, size_t count) {
  for (size_t i = 0; i < count; i++) {
    char verdict[4096];
    const char* said = judge_story(config, before, stories[i].story, verdict);
    if (!stories[i].caught && said)
      fail_msg("%s: %s\nis legal, and the judge says: %s", stories[i].rule, stories[i].story, said);
    if (stories[i].caught && !said)
      fail_msg("%s: %s\nis wrong, and the judge allows it", stories[i].rule, stories[i].story);
    if (stories[i].caught && !strstr(said, stories[i].caught))
      fail_msg("%s: %s\nexpected '%s' in: %s", stories[i].rule, stories[i].story, stories[i].caught, said);
  }
}

#define JUDGE(before, stories)                                                   \
  do {                                                                           \
    struct config config;                                                        \
    config_default(&config);                                                     \
    config.maxphyaddr = 40;                                                      \
    config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 4; \
    judge_stories(&config, before, stories, sizeof stories / sizeof *stories);   \
  } while (0)

// 4-level tables for 400000..5fffff, NXE, WP, PGE. Page 1 is plain, 2 clean, 3 read-only, 4 a supervisor's, 5 not
// executable, 6 global, 7 with A clear, 8 absent, 9 of key 1, a with a reserved bit; 600000 is a 2 MiB page below.
#define LONG                                                                                                   \
  "mem 1000 2027; mem 2000 3027; mem 3010 4027; mem 3018 a000e7; mem 4008 5067; mem 4010 6027; mem 4018 7065;" \
  "mem 4020 8063; mem 4028 8000000000009067; mem 4030 a167; mem 4038 b007; mem 4048 080000000000c067;"         \
  "mem 4050 10000000d067; reg cr4 a0; reg efer 900; reg cr3 1000; reg cr0 80010011"
#define WALKED_1 "ask r 401000; walk ok 5000;"
#define OLD_PCID "reg cr4 200a0; ask r 401000; walk ok 5000; reg cr3 1001;"

static void addresses_come_from_the_tables(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"4 KiB", "ask r 401234; walk ok 5234", NULL},
      {"another frame", "ask r 401234; walk ok 6234", "allowed: ok pa=5234"},
      {"another offset", "ask r 401234; walk ok 5235", "allowed: ok pa=5234"},
      {"2 MiB", "ask r 712345; walk ok b12345", NULL},
      {"2 MiB with the offset of a small page", "ask r 712345; walk ok a00345", "allowed: ok pa=b12345"},
      {"a fault for nothing", "ask r 401000; walk pf 1", "allowed: ok pa=5000"},
      {"no fault", "ask r 408000; walk ok 0", "allowed: pf err=0"},
      {"1 GiB", "mem 2000 400000e7; ask x 412345; walk ok 40412345", NULL},
      {"the half of the way that is long gone", "mem 3010 e027; invlpg 0; ask r 401000; walk ok 5000", "pf err=0"},
      {"changed under the walker: old", "ask r 401000; mem 4008 e067; walk ok 5000", NULL},
      {"changed under the walker: new", "ask r 401000; mem 4008 e067; walk ok e000", NULL},
      {"changed before the walk", "mem 4008 e067; ask r 401000; walk ok 5000", "allowed: ok pa=e000"},
      {"5-level", "reg cr0 11; mem f000 1027; reg cr4 10a0; reg cr3 f000; reg cr0 80010011; ask r 401000; walk ok 5000",
       NULL},
      {"an answer to nobody", "walk ok 5000", "nothing was asked"},
      {"a question too many", "ask r 401000; ask r 401000", "before it had answered"},
      {"accepted during a control operation", "flush 0; ask r 401000", "during a control operation"},
  };
  JUDGE(LONG, stories);
}

static void bus_errors_come_of_unreadable_entries(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"a PTE beyond memory", "mem 3010 100000027; ask r 401000; walk bus", NULL},
      {"a table beyond memory", "mem 1000 100000027; ask x 401000; walk bus", NULL},
      {"a root beyond memory", "reg cr3 100000000; ask r 401000; walk bus", NULL},
      {"an error for nothing", "ask r 401000; walk bus", "allowed: ok pa=5000"},
      {"an error overlooked", "mem 3010 100000027; ask r 401000; walk pf 0", "allowed: bus"},
      {"made up instead", "mem 3010 100000027; ask r 401000; walk ok 0", "allowed: bus"},
      {"mended under the walker", "mem 3010 100000027; ask r 401000; mem 3010 4027; walk ok 5000", NULL},
      {"a frame beyond memory is not read", "mem 4008 100000067; ask r 401000; walk ok 100000000", NULL},
      {"nothing is filled", "mem 3010 100000027; ask r 401000; walk bus; mem 3010 4027; ask r 401000; l1 ok 5000",
       "no entry that may still"},
      {"nothing is dropped", WALKED_1 "mem 3010 100000027; ask r 402000; walk bus; ask r 401000; l1 ok 5000", NULL},
  };
  JUDGE(LONG, stories);
}

static void stale_entries_live_until_they_must_go(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"a hit", WALKED_1 "ask w 401008; l1 ok 5008", NULL},
      {"a hit on nothing", "ask r 401000; l1 ok 5000", "no entry that may still be in a TLB"},
      {"a hit elsewhere", WALKED_1 "ask r 402000; l1 ok 6000", "no entry that may still"},
      {"stale and legal", WALKED_1 "mem 4008 e067; ask r 401000; stlb ok 5000", NULL},
      {"new without a walk", WALKED_1 "mem 4008 e067; ask r 401000; l1 ok e000", "allowed: ok pa=5000"},
      {"INVLPG", WALKED_1 "invlpg 401000; ask r 401000; l1 ok 5000", "no entry that may still"},
      {"INVLPG of another page", WALKED_1 "invlpg 402000; ask r 401000; l1 ok 5000", NULL},
      {"INVLPG inside a large page", "ask r 600000; walk ok a00000; invlpg 7ff000; ask r 600000; l1 ok a00000",
       "no entry"},
      {"INVLPG of a global page", "ask r 406000; walk ok a000; invlpg 406000; ask r 406000; l1 ok a000", "no entry"},
      {"CR3", WALKED_1 "reg cr3 1000; ask r 401000; l1 ok 5000", "no entry that may still"},
      {"CR3 spares global pages", "ask r 406000; walk ok a000; reg cr3 1000; ask r 406000; l1 ok a000", NULL},
      {"PGE", "ask r 406000; walk ok a000; reg cr4 20; ask r 406000; l1 ok a000", "no entry"},
      {"G without PGE", "reg cr4 20; ask r 406000; walk ok a000; reg cr3 1000; ask r 406000; l1 ok a000", "no entry"},
      {"NXE", WALKED_1 "reg efer 100; ask r 401000; l1 ok 5000", "no entry"},
      {"SMEP 0 to 1", WALKED_1 "reg cr4 1000a0; ask r 401000; l1 ok 5000", "no entry"},
      {"SMEP 1 to 0 drops nothing", "reg cr4 1000a0;" WALKED_1 "reg cr4 a0; ask r 401000; l1 ok 5000", NULL},
      {"PSE", WALKED_1 "reg cr4 b0; ask r 401000; l1 ok 5000", "no entry"},
      {"PG off", WALKED_1 "reg cr0 11; reg cr0 80010011; ask r 401000; l1 ok 5000", "no entry"},
      {"WP drops nothing", WALKED_1 "reg cr0 80000011; ask r 401000; l1 ok 5000", NULL},
      {"a refused operation drops nothing", WALKED_1 "reg cr3 8000000000001000 gp; ask r 401000; l1 ok 5000", NULL},
      {"a page fault of the address", "ask r 403000; walk ok 7000; ask w 403000; l1 pf 3; ask r 403000; l1 ok 7000",
       "no entry"},
      {"a page fault of another", "ask r 403000; walk ok 7000; ask r 408000; walk pf 0; ask r 403000; l1 ok 7000",
       NULL},
      {"a retry after the table was fixed", "ask w 403000; walk pf 3; mem 4018 7067; ask w 403000; walk pf 3",
       "allowed: ok"},
      {"a fault leaves no entry", "ask r 408000; walk pf 0; mem 4040 e067; ask r 408000; l1 pf 0", "no entry"},
      {"a walk that a flush met fills nothing", "ask r 401000; flush 0; walk ok 5000; over; ask r 401000; l1 ok 5000",
       "no entry"},
      {"a walk cache, stale and legal", WALKED_1 "mem 3010 e027; mem e010 f067; ask r 402000; walk ok 6000", NULL},
      {"INVLPG empties the walk caches", WALKED_1 "mem 3010 e027; mem e010 f067; invlpg 0; ask r 402000; walk ok 6000",
       "allowed: ok pa=f000"},
      {"so does CR3", WALKED_1 "mem 3010 e027; mem e010 f067; reg cr3 1000; ask r 402000; walk ok 6000",
       "allowed: ok pa=f000"},
      {"and a page fault under them",
       WALKED_1 "ask r 408000; walk pf 0; mem 3010 e027; mem e010 f067; ask r 402000; walk ok 6000",
       "allowed: ok pa=f000"},
  };
  JUDGE(LONG, stories);
  static const struct story without[] = {{"no walk caches: nothing to be stale",
                                          WALKED_1 "mem 3010 e027; mem e010 f067; ask r 402000; walk ok 6000",
                                          "allowed: ok pa=f000"}};
  struct config config;
  config_default(&config);
  config.psc.pde = config.psc.pdpte = config.psc.pml4e = config.psc.pml5e = 0;
  judge_stories(&config, LONG, without, 1);
}

static void pcids_keep_spaces_apart(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"another PCID's entry", OLD_PCID "ask r 401000; l1 ok 5000", "no entry"},
      {"back without a flush", OLD_PCID "reg cr3 8000000000001000; ask r 401000; l1 ok 5000", NULL},
      {"back with one", OLD_PCID "reg cr3 1000; ask r 401000; l1 ok 5000", "no entry"},
      {"global ones are everybody's",
       "reg cr4 200a0; ask r 406000; walk ok a000; reg cr3 1001; ask r 406000; l1 ok a000", NULL},
      {"a walk cache of another PCID", OLD_PCID "mem 3010 e027; mem e010 f067; ask r 402000; walk ok 6000",
       "allowed: ok pa=f000"},
      {"INVLPG is of the current PCID", OLD_PCID "invlpg 401000; reg cr3 8000000000001000; ask r 401000; l1 ok 5000",
       NULL},
      {"INVPCID 0", OLD_PCID "invpcid 0 0 401000; reg cr3 8000000000001000; ask r 401000; l1 ok 5000", "no entry"},
      {"INVPCID 0 of another address",
       OLD_PCID "invpcid 0 0 402000; reg cr3 8000000000001000; ask r 401000; l1 ok 5000", NULL},
      {"INVPCID 0 spares global pages", "ask r 406000; walk ok a000; invpcid 0 0 406000; ask r 406000; l1 ok a000",
       NULL},
      {"INVPCID 1", OLD_PCID "invpcid 1 0 0; reg cr3 8000000000001000; ask r 401000; l1 ok 5000", "no entry"},
      {"INVPCID 1 of another", OLD_PCID "invpcid 1 2 0; reg cr3 8000000000001000; ask r 401000; l1 ok 5000", NULL},
      {"INVPCID 2", "ask r 406000; walk ok a000; invpcid 2 0 0; ask r 406000; l1 ok a000", "no entry"},
      {"INVPCID 3", OLD_PCID "invpcid 3 0 0; reg cr3 8000000000001000; ask r 401000; l1 ok 5000", "no entry"},
      {"INVPCID 3 spares global pages", "ask r 406000; walk ok a000; invpcid 3 0 0; ask r 406000; l1 ok a000", NULL},
      {"PCIDE 1 to 0", OLD_PCID "reg cr4 a0; reg cr3 1000; ask r 401000; l1 ok 5000", "no entry"},
      {"NXE is of the current PCID", OLD_PCID "reg efer 100; reg cr3 8000000000001000; ask r 401000; l1 ok 5000", NULL},
  };
  JUDGE(LONG, stories);
}

static void rights_are_those_of_all_levels(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"user read", "ask r 401000 u; walk ok 5000", NULL},
      {"user read of a supervisor page", "ask r 404000 u; walk ok 8000", "allowed: pf err=5"},
      {"user write", "ask w 403000 u; walk ok 7000", "allowed: pf err=7"},
      {"supervisor write with WP", "ask w 403000; walk pf 3", NULL},
      {"supervisor write without", "reg cr0 80000011; ask w 403000; walk pf 3", "allowed: ok pa=7000"},
      {"WP is not cached", "ask r 403000; walk ok 7000; reg cr0 80000011; ask w 403000; l1 pf 3",
       "allowed: ok pa=7000"},
      {"R/W of the PDE", "mem 3010 4025; ask w 401000 u; walk ok 5000", "allowed: pf err=7"},
      {"U/S of the PDE", "mem 3010 4023; ask r 401000 u; walk ok 5000", "allowed: pf err=5"},
      {"NX of the PML4E", "mem 1000 8000000000002027; ask x 401000; walk ok 5000", "allowed: pf err=11"},
      {"R/W through a walk cache", "mem 3010 4025; ask r 401000; walk ok 5000; mem 3010 4027; ask w 409000; walk pf 3",
       NULL},
      {"NX", "ask x 405000 u; walk ok 9000", "allowed: pf err=15"},
      {"NX reads", "ask r 405000 u; walk ok 9000", NULL},
      {"SMEP", "reg cr4 1000a0; ask x 401000; walk ok 5000", "allowed: pf err=11"},
      {"SMEP, a user", "reg cr4 1000a0; ask x 401000 u; walk ok 5000", NULL},
      {"SMAP", "reg cr4 2000a0; ask r 401000; walk ok 5000", "allowed: pf err=1"},
      {"SMAP with AC", "reg cr4 2000a0; ask r 401000 a; walk ok 5000", NULL},
      {"SMAP with AC, implicit", "reg cr4 2000a0; ask r 401000 ai; walk ok 5000", "allowed: pf err=1"},
      {"implicit accesses are the supervisor's", "ask r 404000 ui; walk ok 8000", NULL},
      {"PKRU.AD", "reg cr4 4000a0; reg pkru 4; ask r 409000 u; walk ok c000", "allowed: pf err=25"},
      {"PKRU.AD, the supervisor", "reg cr4 4000a0; reg pkru 4; ask r 409000; walk pf 21", NULL},
      {"PKRU.AD of another key", "reg cr4 4000a0; reg pkru 1; ask r 409000 u; walk ok c000", NULL},
      {"PKRU.WD", "reg cr4 4000a0; reg pkru 8; ask w 409000 u; walk ok c000", "allowed: pf err=27"},
      {"PKRU.WD without WP", "reg cr0 80000011; reg cr4 4000a0; reg pkru 8; ask w 409000; walk ok c000", NULL},
      {"keys and fetches", "reg cr4 4000a0; reg pkru 4; ask x 409000; walk ok c000", NULL},
      {"no PKE", "reg pkru 4; ask r 409000 u; walk ok c000", NULL},
  };
  JUDGE(LONG, stories);
}

static void error_codes_say_what_was_wrong(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"P", "ask r 404000 u; walk pf 4", "allowed: pf err=5"},
      {"W/R", "ask w 403000 u; walk pf 5", "allowed: pf err=7"},
      {"U/S", "ask r 408000 u; walk pf 0", "allowed: pf err=4"},
      {"RSVD", "ask r 40a000; walk pf 9", NULL},
      {"RSVD missing", "ask r 40a000; walk pf 1", "allowed: pf err=9"},
      {"a reserved bit that is not checked", "ask r 40a000; walk ok d000", "allowed: pf err=9"},
      {"reserved before rights", "mem 4050 10000000d063; ask r 40a000 u; walk pf 5", "allowed: pf err=d"},
      {"reserved in an absent entry", "mem 4050 10000000d066; ask r 40a000; walk pf 9", "allowed: pf err=0"},
      {"I/D", "ask x 408000; walk pf 0", "allowed: pf err=10"},
      {"I/D without NXE and SMEP", "reg efer 100; ask x 408000; walk pf 0", NULL},
      {"NX without NXE is reserved", "reg efer 100; ask r 405000; walk pf 9", NULL},
      {"PK", "reg cr4 4000a0; reg pkru 4; ask r 409000 u; walk pf 5", "allowed: pf err=25"},
      {"PK though other rights deny, too",
       "reg cr4 4000a0; reg pkru c; mem 4048 080000000000c065; ask w 409000 u; walk pf 7", "allowed: pf err=27"},
      {"CR2", "ask r 408123; walk pf 0 408000", "cr2=408123"},
      {"PS in a PML4E", "mem 1000 20a7; ask r 401000; walk pf 9", NULL},
      {"low bits of a 2 MiB page", "mem 3018 a020e7; ask r 600000; walk ok a00000", "allowed: pf err=9"},
      {"low bits of a 1 GiB page", "mem 2000 602000e7; ask r 401000; walk ok 40401000", "allowed: pf err=9"},
      {"bit 12 of a 2 MiB page is PAT", "mem 3018 a010e7; ask r 600000; walk ok a00000", NULL},
      {"above MAXPHYADDR in a PDE", "mem 3010 8000000004027; ask r 401000; walk ok 5000", "allowed: pf err=9"},
  };
  JUDGE(LONG, stories);
}

static void accessed_and_dirty_are_set_and_nothing_else(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"A", "ask r 407000; swap 4038 b007 b027; walk ok b000", NULL},
      {"A is not set", "ask r 407000; walk ok b000", "A or D was not set in the entry at 4038"},
      {"A of a PDE", "mem 3010 4007; ask r 401000; walk ok 5000", "A or D was not set in the entry at 3010"},
      {"D", "ask w 402000; swap 4010 6027 6067; walk ok 6000", NULL},
      {"D is not set", "ask w 402000; walk ok 6000", "A or D was not set in the entry at 4010"},
      {"a write through a clean entry", "ask r 402000; walk ok 6000; ask w 402000; l1 ok 6000",
       "no entry that may still"},
      {"D by a read", "ask r 407000; swap 4038 b007 b067", "the walker wrote"},
      {"another bit", "ask r 407000; swap 4038 b007 b02f", "the walker wrote"},
      {"another entry", "ask r 407000; swap 4010 6027 6067", "the walker wrote"},
      {"D in a PDE that is no leaf", "ask w 401000; swap 3010 4027 4067", "the walker wrote"},
      {"for nobody", "swap 4038 b007 b027", "the walker wrote"},
      {"for an access that faults", "mem 4038 b005; ask w 407000; swap 4038 b005 b065", "the walker wrote"},
      {"over a change that is lost", "ask r 407000; mem 4038 c007; swap 4038 b007 b027", "the walker wrote"},
      {"after a change that makes it start over", "ask r 407000; mem 4038 c007; swap 4038 c007 c027; walk ok c000",
       NULL},
      {"A is taken back", "ask r 401000; swap 4008 5067 5047", "the walker wrote"},
      {"a dirty large page", "mem 3018 a000a7; ask w 600000; swap 3018 a000a7 a000e7; walk ok a00000", NULL},
      {"a prefetch", WALKED_1 "prefetch 402000; ask r 402000; l1 ok 6000", NULL},
      {"a prefetch of what is absent", WALKED_1 "prefetch 408000", "which is not there"},
      {"a prefetch where A is clear", WALKED_1 "prefetch 407000", "which is not there"},
  };
  JUDGE(LONG, stories);
}

static void segments_and_canonical_addresses_come_first(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"not canonical", "ask r 800000000000; l1 gp", NULL},
      {"not canonical, and a page fault", "ask r 800000000000; walk pf 0", "leave one answer"},
      {"canonical", "ask r ffff800000000000; l1 gp", "neither its segment nor its address"},
      {"57 bits",
       "reg cr0 11; mem f000 1027; reg cr4 10a0; reg cr3 f000; reg cr0 80010011; ask r 800000000000; walk pf 0", NULL},
      {"no segment", "ask r 401000 s1; l1 ok 5000", "allowed: gp"},
      {"a segment's base", "seg 1 400000 ffff; ask r 1234 s1; walk ok 5234", NULL},
      {"beyond its limit", "seg 1 400000 fff; ask r 1000 s1; walk ok 5000", "allowed: gp"},
      {"at its limit", "seg 1 400000 1000; ask r 1000 s1; walk ok 5000", NULL},
      {"read-only", "seg 1 400000 ffff r; ask w 1000 s1; walk ok 5000", "allowed: gp"},
      {"privilege", "seg 1 400000 ffff 0; ask r 1000 us1; walk ok 5000", "allowed: gp"},
      {"expand-down", "seg 1 400000 fff d; ask r 1000 s1; walk ok 5000", NULL},
      {"expand-down, below", "seg 1 400000 1000 d; ask r 1000 s1; l1 gp", NULL},
      {"paging off", "reg cr0 11; ask r 401000; off ok 401000", NULL},
      {"paging off, and translated", "reg cr0 11; ask r 401000; l1 ok 5000", "leave one answer"},
      {"paging on, and not translated", "ask r 401000; off ok 401000", "paging is on"},
  };
  JUDGE(LONG, stories);
}

static void registers_refuse_what_they_must(void** state) {
  (void)state;
  static const struct story stories[] = {
      {"PG without PE", "reg cr0 80000010", "had to be #GP"},
      {"NW without CD", "reg cr0 a0010011", "had to be #GP"},
      {"high bits of CR0", "reg cr0 180010011", "had to be #GP"},
      {"CR3 above MAXPHYADDR", "reg cr3 10000001000", "had to be #GP"},
      {"CR3 bit 63 without PCIDE", "reg cr3 8000000000001000", "had to be #GP"},
      {"CR3 refused for nothing", "reg cr3 1000 gp", "which is legal"},
      {"PAE cleared in long mode", "reg cr4 80", "had to be #GP"},
      {"LA57 changed in long mode", "reg cr4 10a0", "had to be #GP"},
      {"a reserved bit of CR4", "reg cr4 20a0", "had to be #GP"},
      {"PCIDE with a PCID in CR3", "reg cr3 1001; reg cr4 200a0", "had to be #GP"},
      {"PG cleared with PCIDE", "reg cr4 200a0; reg cr0 11", "had to be #GP"},
      {"LME changed with PG", "reg efer 800", "had to be #GP"},
      {"a reserved bit of EFER", "reg efer 902", "had to be #GP"},
      {"PKRU above 32 bits", "reg pkru 100000000", "had to be #GP"},
      {"from user mode", "reg cr3 1000 user", NULL},
      {"INVPCID type 4", "invpcid 4 0 0", "had to be #GP"},
      {"INVPCID of a PCID without PCIDE", "invpcid 1 1 0", "had to be #GP"},
      {"INVPCID of a PCID above 12 bits", "invpcid 2 1000 0", "had to be #GP"},
      {"INVPCID 0 of an address that is not canonical", "invpcid 0 0 800000000000", "had to be #GP"},
  };
  JUDGE(LONG, stories);
}

// The four PDPTEs at 1000, a page directory at 2000 (mapping 400000 by a table at 3000, 600000 as a 2 MiB page).
#define PAE "mem 1000 2001; mem 2010 3027; mem 2018 a000e7; mem 3008 5067; reg cr4 a0; reg cr3 1000; reg cr0 80010011"
// A page directory at 1000: 400000 by a table at 2000, 800000 as a 4 MiB page beyond 4 GiB (PSE-36).
#define LEGACY \
  "mem 1000 202700000000; mem 1008 4020e7; mem 2000 506700000000; reg cr4 90; reg cr3 1000; reg cr0 80010011"

static void the_shorter_modes_have_their_own_rules(void** state) {
  (void)state;
  static const struct story pae[] = {
      {"4 KiB", "ask r 401000 u; walk ok 5000", NULL},
      {"2 MiB", "ask r 612345; walk ok a12345", NULL},
      {"an absent PDPTE", "ask r 40401000; walk pf 0", NULL},
      {"PDPTEs are registers", "mem 1000 0; ask r 401000; walk ok 5000", NULL},
      {"until they are loaded", "mem 1000 0; reg cr3 1000; ask r 401000; walk ok 5000", "allowed: pf err=0"},
      {"CD loads them", "mem 1000 0; reg cr0 c0010011; ask r 401000; walk ok 5000", "allowed: pf err=0"},
      {"a reserved bit in one", "mem 1008 5; reg cr3 1000", "had to be #GP"},
      {"in an absent one", "mem 1008 4; reg cr3 1000", NULL},
      {"bits 62:52 are reserved", "mem 3008 10000000005067; ask r 401000; walk ok 5000", "allowed: pf err=9"},
      {"PDPTEs that were not read", "reg cr3 2000", "was not read"},
  };
  static const struct story legacy[] = {
      {"4 KiB", "ask r 401000 u; walk ok 5000", NULL},
      {"4 MiB, PSE-36", "ask r 8abcde; walk ok 1004abcde", NULL},
      {"4 MiB without PSE-36", "ask r 8abcde; walk ok 4abcde", "allowed: ok pa=1004abcde"},
      {"PSE off: PS means nothing", "reg cr4 80; ask r 801000; walk ok 1004abcde", "allowed: pf err=0"},
      {"PDE bit 21", "mem 1008 6020e7; ask r 800000; walk ok 100400000", "allowed: pf err=9"},
      {"no NX", "ask x 401000; walk ok 5000", NULL},
      {"32 bits of address", "ask r 100401000; walk ok 5000", NULL},
  };
  JUDGE(PAE, pae);
  JUDGE(LEGACY, legacy);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(addresses_come_from_the_tables),
    cmocka_unit_test(bus_errors_come_of_unreadable_entries),
    cmocka_unit_test(stale_entries_live_until_they_must_go),
    cmocka_unit_test(pcids_keep_spaces_apart),
    cmocka_unit_test(rights_are_those_of_all_levels),
    cmocka_unit_test(error_codes_say_what_was_wrong),
    cmocka_unit_test(accessed_and_dirty_are_set_and_nothing_else),
    cmocka_unit_test(segments_and_canonical_addresses_come_first),
    cmocka_unit_test(registers_refuse_what_they_must),
    cmocka_unit_test(the_shorter_modes_have_their_own_rules),
};

TEST_MAIN(tests)
