// SPDX-License-Identifier: MIT
#include "cli/scenario.h"
bool scenario_sharing(const struct scenario* scenario, struct error* err) {
  (void)scenario;
  return error_set(err, "x");
}
