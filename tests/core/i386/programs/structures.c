// SPDX-License-Identifier: MIT
// Lists, trees, a hash table, matrices, a sieve, structures by value, bit fields, jumps through tables, recursion.
#include <stdarg.h>

#include "../runtime.h"

struct node {
  struct node *left, *right;
  int key;
};
static struct node nodes[400];
static unsigned used;

static struct node* insert(struct node* tree, int key) {
  if (!tree) {
    tree = &nodes[used++];
    tree->key = key;
    return tree;
  }
  if (key < tree->key)
    tree->left = insert(tree->left, key);
  else if (key > tree->key)
    tree->right = insert(tree->right, key);
  return tree;
}
static int height(const struct node* tree) {
  if (!tree) return 0;
  int l = height(tree->left), r = height(tree->right);
  return 1 + (l > r ? l : r);
}
static uint32_t in_order(const struct node* tree, uint32_t sum) {
  return tree ? in_order(tree->right, in_order(tree->left, sum) * 33 + (uint32_t)tree->key) : sum;
}

enum { BUCKETS = 64 };
static struct entry {
  char key[16];
  unsigned count;
  struct entry* next;
} entries[200], *table[BUCKETS];
static unsigned entry_count;

static struct entry* find(const char* key) {
  uint32_t hash = 5381;
  for (const char* c = key; *c; c++) hash = hash * 33 ^ (uint8_t)*c;
  struct entry** at = &table[hash % BUCKETS];
  for (; *at; at = &(*at)->next)
    if (strcmp((*at)->key, key) == 0) return *at;
  *at = &entries[entry_count++];
  memcpy((*at)->key, key, strlen(key) + 1);
  return *at;
}

struct matrix {
  int cell[8][8];
};
static struct matrix product(struct matrix a, struct matrix b) {
  struct matrix c;
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 8; j++) {
      c.cell[i][j] = 0;
      for (int k = 0; k < 8; k++) c.cell[i][j] += a.cell[i][k] * b.cell[k][j];
    }
  return c;
}

static uint8_t composite[20000];
static unsigned sieve(void) {
  unsigned count = 0;
  for (unsigned i = 2; i < sizeof composite; i++) {
    if (composite[i]) continue;
    count++;
    for (unsigned k = 2 * i; k < sizeof composite; k += i) composite[k] = 1;
  }
  return count;
}

struct fields {
  unsigned a : 3, b : 7, c : 22;
  signed d : 5;
  uint64_t e : 40;
};

static int interpret(const char* program) {
  int stack[16], top = 0;
  for (; *program; program++) switch (*program) {
      case '0' ... '9':
        stack[top++] = *program - '0';
        break;
      case '+':
        top--, stack[top - 1] += stack[top];
        break;
      case '-':
        top--, stack[top - 1] -= stack[top];
        break;
      case '*':
        top--, stack[top - 1] *= stack[top];
        break;
      case '/':
        top--, stack[top - 1] /= stack[top];
        break;
      case '%':
        top--, stack[top - 1] %= stack[top];
        break;
      case '~':
        stack[top - 1] = ~stack[top - 1];
        break;
      case 'd':
        stack[top] = stack[top - 1], top++;
        break;
    }
  return stack[0];
}

static unsigned ackermann(unsigned m, unsigned n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static int64_t sum_of(int n, ...) {
  va_list args;
  int64_t sum = 0;
  va_start(args, n);
  while (n-- > 0) sum += n & 1 ? va_arg(args, int64_t) : va_arg(args, int);
  va_end(args);
  return sum;
}

static uint32_t twice(uint32_t x) { return 2 * x; }
static uint32_t square(uint32_t x) { return x * x; }
static uint32_t invert(uint32_t x) { return ~x; }
static uint32_t (*volatile functions[])(uint32_t) = {twice, square, invert};

int main(void) {
  uint32_t state = 7;
  struct node* tree = NULL;
  for (int i = 0; i < 400; i++) tree = insert(tree, (int)((state = state * 69069 + 1) >> 16));
  show("height", (uint64_t)height(tree));
  show("tree", in_order(tree, 0));

  for (int i = 0; i < 500; i++) {
    char key[] = "key---";
    state = state * 69069 + 1;
    for (int k = 3; k < 5; k++) key[k] = (char)('a' + (state >> (8 * k - 10)) % 9);
    find(key)->count += (unsigned)i;
  }
  show("keys", entry_count);
  show("keyaa", find("keyaa-")->count);

  struct matrix m, p;
  for (int i = 0; i < 64; i++) m.cell[i / 8][i % 8] = i * i - 40 * i;
  p = product(product(m, m), m);
  show("matrix", (uint64_t)(int64_t)p.cell[3][5] + (uint32_t)p.cell[7][7]);
  show("primes", sieve());

  struct fields f = {.a = 5, .b = 100, .c = 3000000, .d = -7, .e = 0x9876543210};
  for (int i = 0; i < 50; i++) f.a += 3, f.b ^= f.a, f.c -= f.b, f.d++, f.e += f.c * (uint64_t)f.b;
  show("fields", f.e + f.d + f.c + f.b + f.a);
  show("interpret", (uint64_t)interpret("99*7+d*5-3/8%~d*"));
  show("ackermann", ackermann(2, 9));
  show("arguments", (uint64_t)sum_of(4, (int64_t)-5000000000, 17, (int64_t)9000000000, -4));
  uint32_t x = 3;
  for (unsigned i = 0; i < 30; i++) x = functions[(x >> 3) % 3](x);
  show("functions", x);
  char text[200];
  for (unsigned i = 0; i < sizeof text; i++) text[i] = (char)i;
  memmove(text + 3, text, 150);
  memmove(text + 40, text + 43, 100);
  for (unsigned i = 0; i < sizeof text; i++) x = x * 31 + (uint8_t)text[i];
  show("moves", x);
  return 3;
}
