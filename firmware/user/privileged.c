// SPDX-License-Identifier: MIT
// privileged INSTRUCTION: executes what only the kernel may (ledger A7): cr0, cr4, invlpg, lgdt, hlt, cli, in, out.
// Must be stopped: #GP.
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  const char* what = argc > 1 ? argv[1] : "cr0";
  char table[6] = {0};
  if (strcmp(what, "cr0") == 0)
    __asm__ volatile("movl %0, %%cr0" : : "r"(0x11));
  else if (strcmp(what, "cr4") == 0)
    __asm__ volatile("movl %0, %%cr4" : : "r"(0));
  else if (strcmp(what, "invlpg") == 0)
    __asm__ volatile("invlpg %0" : : "m"(table));
  else if (strcmp(what, "lgdt") == 0)
    __asm__ volatile("lgdt %0" : : "m"(table));
  else if (strcmp(what, "hlt") == 0)
    __asm__ volatile("hlt");
  else if (strcmp(what, "cli") == 0)
    __asm__ volatile("cli");
  else if (strcmp(what, "in") == 0)
    __asm__ volatile("inb $0x60, %%al" : : : "eax");
  else if (strcmp(what, "out") == 0)
    __asm__ volatile("outb %%al, $0x60" : : "a"(0));
  else
    fprintf(stderr, "privileged: INSTRUCTION is cr0, cr4, invlpg, lgdt, hlt, cli, in or out\n");
  printf("nothing stopped me\n");
  return 1;
}
