// SPDX-License-Identifier: MIT
// write-code: changes one of its own instructions (ledger A10). Stopped where code is write-protected; elsewhere the
// function answers differently.
#include <stdio.h>

int answer(void);
extern unsigned char answer_value[];
__asm__(
    ".section .text.answer, \"ax\"\n"
    ".globl answer, answer_value\n"
    ".type answer, @function\n"
    "answer:\n"
    "  .byte 0xb8\n"  // movl $1, %eax
    "answer_value:\n"
    "  .long 1\n"
    "  ret\n"
    ".size answer, . - answer\n"
    ".text\n");

int main(void) {
  *(volatile unsigned char*)answer_value = 2;
  printf("nothing stopped me: the answer was 1, and is %d\n", answer());
  return 1;
}
