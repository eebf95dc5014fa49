// SPDX-License-Identifier: MIT
// What the terminal at the other end can show.
#include "base/term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool term_is_terminal(FILE* file) { return isatty(fileno(file)); }

struct colours term_colours(FILE* file) {
  const char *term = getenv("TERM"), *refused = getenv("NO_COLOR");
  if (!term_is_terminal(file) || !term || strcmp(term, "dumb") == 0 || (refused && *refused))
    return (struct colours){"", "", "", "", "", "", "", ""};
  return (struct colours){"\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m", "\033[34m", "\033[36m", "\033[0m"};
}
