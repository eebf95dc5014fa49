// SPDX-License-Identifier: MIT
// spin: never ends. What the timer interrupt, --max-instructions and kill are for.
int main(void) {
  for (volatile unsigned turns = 0;; turns++) continue;
}
