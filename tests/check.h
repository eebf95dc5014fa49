// SPDX-License-Identifier: MIT
// What every test program includes: cmocka, and a main that runs the group and obeys `make test CASE=pattern`.
#ifndef PAGEWALK_TESTS_CHECK_H
#define PAGEWALK_TESTS_CHECK_H

// cmocka.h wants these before itself.
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
// clang-format on

#define TEST_MAIN(tests)                                           \
  int main(void) {                                                 \
    const char* filter = getenv("PAGEWALK_TEST_FILTER");           \
    if (filter) cmocka_set_test_filter(filter);                    \
    return cmocka_run_group_tests_name(#tests, tests, NULL, NULL); \
  }

#endif
