// SPDX-License-Identifier: MIT
// Where a program begins: the kernel leaves argc, argv and a NULL on the stack (System V ABI, Intel386 supplement),
// main gets them, and what it returns is the exit status.
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv);
void start(long* stack) __attribute__((noreturn));

// EBP is 0 in the outermost frame; at a call the stack is aligned to 16 bytes.
__asm__(
    ".section .text._start, \"ax\"\n"
    ".globl _start\n"
    ".type _start, @function\n"
    "_start:\n"
    "  xorl %ebp, %ebp\n"
    "  movl %esp, %eax\n"
    "  andl $-16, %esp\n"
    "  subl $12, %esp\n"
    "  pushl %eax\n"
    "  call start\n"
    ".size _start, . - _start\n"
    ".text\n");

void start(long* stack) { exit(main((int)stack[0], (char**)(stack + 1))); }

void exit(int status) { _exit(status); }
