// SPDX-License-Identifier: MIT
// hello [nowhere|short]: note 000's strcpy of "hello" (ledger E11). As it should be; into memory that was never
// allocated ("Error 1", which ends in a segmentation fault); and with no room for the terminating zero (which often
// works).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char* unset;

int main(int argc, char** argv) {
  const char* way = argc > 1 ? argv[1] : "";
  char* src = "hello";
  char* dst = unset;
  if (strcmp(way, "nowhere") != 0) {
    dst = (char*)(malloc(strlen(src) + (strcmp(way, "short") != 0)));
    if (!dst) {
      fprintf(stderr, "hello: no memory\n");
      return 1;
    }
  }
  strcpy(dst, src);
  printf("%s\n", dst);
  if (strcmp(dst, src) != 0) {
    fprintf(stderr, "hello: the copy differs\n");
    return 1;
  }
  free(dst);
  return 0;
}
