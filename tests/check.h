// SPDX-License-Identifier: MIT
// What every test program includes: cmocka, and a main that runs the group, obeys `make test CASE=pattern`, and with
// PAGEWALK_TEST_LIST in the environment only prints the cases' names. RTL engines are built quickly and with their
// assertions, unless the environment says otherwise.
#ifndef PAGEWALK_TESTS_CHECK_H
#define PAGEWALK_TESTS_CHECK_H

// cmocka.h wants these before itself.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
// clang-format on

static inline int check_list(const struct CMUnitTest* tests, size_t count) {
  for (size_t i = 0; i < count; i++) puts(tests[i].name);
  return 0;
}

// `begin` and `end`: set-up and tear-down of the group, or NULL.
#define TEST_MAIN_BETWEEN(tests, begin, end)                                                     \
  int main(void) {                                                                               \
    if (getenv("PAGEWALK_TEST_LIST")) return check_list(tests, sizeof(tests) / sizeof *(tests)); \
    setenv("PAGEWALK_ASSERT", "1", 0);                                                           \
    setenv("PAGEWALK_QUICK_BUILD", "1", 0);                                                      \
    const char* filter = getenv("PAGEWALK_TEST_FILTER");                                         \
    if (filter) cmocka_set_test_filter(filter);                                                  \
    return cmocka_run_group_tests_name(#tests, tests, begin, end);                               \
  }

#define TEST_MAIN(tests) TEST_MAIN_BETWEEN(tests, NULL, NULL)

#endif
