// SPDX-License-Identifier: MIT
#include "rtl/tool.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

int tool_run(const char* command, char* text, size_t room) {
  char line[4096];
  size_t used = 0;
  text[0] = 0;
  snprintf(line, sizeof line, "cd '%s' && { %s; } 2>&1 </dev/null", PAGEWALK_ROOT, command);
  FILE* pipe = popen(line, "r");
  if (!pipe) return 128;
  for (size_t n; (n = fread(line, 1, sizeof line, pipe)) > 0;) {
    if (n >= room) n = room - 1;
    if (used + n >= room) {  // keep the end
      size_t gone = used + n - (room - 1);
      memmove(text, text + gone, used - gone);
      used -= gone;
    }
    memcpy(text + used, line, n);
    used += n;
    text[used] = 0;
  }
  int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
