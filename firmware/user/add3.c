// SPDX-License-Identifier: MIT
// add3 [TIMES [X]]: x = x + 3 with the machine code of note 003, which makes five references (ledger A8): three
// fetches, a load and a store. Between the symbols x_plus_3 and x_plus_3_end there is nothing else.
#include <stdio.h>
#include <stdlib.h>

// x lies at 8(%ebp): the first argument of the function.
int add3(int x);
__asm__(
    ".section .text.add3, \"ax\"\n"
    ".globl add3, x_plus_3, x_plus_3_end\n"
    ".type add3, @function\n"
    "add3:\n"
    "  pushl %ebp\n"
    "  movl %esp, %ebp\n"
    "  pushl %edi\n"
    "x_plus_3:\n"
    "  movl 8(%ebp), %edi\n"
    "  addl $3, %edi\n"
    "  movl %edi, 8(%ebp)\n"
    "x_plus_3_end:\n"
    "  movl 8(%ebp), %eax\n"
    "  popl %edi\n"
    "  popl %ebp\n"
    "  ret\n"
    ".size add3, . - add3\n"
    ".text\n");

int main(int argc, char** argv) {
  int times = argc > 1 ? atoi(argv[1]) : 1000, begin = argc > 2 ? atoi(argv[2]) : 3000, x = begin;
  for (int i = 0; i < times; i++) x = add3(x);
  printf("x = %d\n", x);
  if (x == begin + 3 * times) return 0;
  fprintf(stderr, "add3: x should be %d\n", begin + 3 * times);
  return 1;
}
