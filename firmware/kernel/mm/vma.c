// SPDX-License-Identifier: MIT
// Virtual memory areas.
#include "kernel/mm/vma.h"

#include "kernel/errno.h"
#include "kernel/state.h"

static struct vma* pool_take(struct vma_pool* pool) {
  struct vma* vma = pool->free;
  if (vma)
    pool->free = vma->left;
  else if (pool->watermark < VMA_MAX)
    vma = &pool->vmas[pool->watermark++];
  return vma;
}

static void pool_give(struct vma_pool* pool, struct vma* vma) {
  vma->left = pool->free;
  pool->free = vma;
}

struct vma* vma_above(const struct process* process, uint64_t va) {
  struct vma* best = NULL;
  for (struct vma* vma = process->vmas; vma;) {
    if (vma->end > va) {
      best = vma;
      vma = vma->left;
    } else {
      vma = vma->right;
    }
  }
  return best;
}

struct vma* vma_find(const struct process* process, uint64_t va) {
  struct vma* vma = vma_above(process, va);
  return vma && vma->start <= va ? vma : NULL;
}

// Cuts a treap in two: what starts below `start`, and the rest.
static void split(struct vma* tree, uint64_t start, struct vma** below, struct vma** rest) {
  if (!tree) {
    *below = *rest = NULL;
  } else if (tree->start < start) {
    *below = tree;
    split(tree->right, start, &tree->right, rest);
  } else {
    *rest = tree;
    split(tree->left, start, below, &tree->left);
  }
}

// Joins two treaps of which every VMA of the first lies below every one of the second.
static struct vma* join(struct vma* low, struct vma* high) {
  if (!low) return high;
  if (!high) return low;
  if (low->priority > high->priority) {
    low->right = join(low->right, high);
    return low;
  }
  high->left = join(low, high->left);
  return high;
}

static void insert(struct vma** tree, struct vma* vma) {
  while (*tree && (*tree)->priority >= vma->priority)
    tree = vma->start < (*tree)->start ? &(*tree)->left : &(*tree)->right;
  split(*tree, vma->start, &vma->left, &vma->right);
  *tree = vma;
}

void vma_remove(struct kernel* kernel, struct process* process, struct vma* vma) {
  struct vma** tree = &process->vmas;
  while (*tree != vma) tree = vma->start < (*tree)->start ? &(*tree)->left : &(*tree)->right;
  *tree = join(vma->left, vma->right);
  pool_give(&kernel->vmas, vma);
}

// Priorities must look random, also of neighbours: a hash of a running number (murmur's finalizer). Not of the place in
// the pool: a process that ended gave its VMAs back in the order of their priorities.
static uint32_t next_priority(struct vma_pool* pool) {
  uint32_t x = ++pool->born;
  x = (x ^ x >> 16) * 0x85ebca6bu;
  x = (x ^ x >> 13) * 0xc2b2ae35u;
  return x ^ x >> 16;
}

static bool merges(const struct vma* vma, const struct vma* like) {
  return vma->prot == like->prot && vma->kind == like->kind && (vma->kind == VMA_ANONYMOUS || vma->kind == VMA_HEAP);
}

int vma_insert(struct kernel* kernel, struct process* process, const struct vma* like) {
  uint64_t start = like->start, end = like->end;
  struct vma* next = vma_above(process, start);
  if (next && next->start < end) return -KERNEL_EEXIST;
  struct vma* before = start > 0 ? vma_find(process, start - 1) : NULL;
  if (before && !merges(before, like)) before = NULL;
  if (next && (next->start != end || !merges(next, like))) next = NULL;

  if (before) {
    before->end = end;
    if (next) {
      before->end = next->end;
      before->resident += next->resident;
      before->swapped += next->swapped;
      vma_remove(kernel, process, next);
    }
    return 0;
  }
  if (next) {
    next->start = start;  // nothing lies between, so the order stays
    return 0;
  }
  struct vma* vma = pool_take(&kernel->vmas);
  if (!vma) return -KERNEL_ENOMEM;
  *vma = (struct vma){.start = start,
                      .end = end,
                      .prot = like->prot,
                      .kind = like->kind,
                      .segment = like->segment,
                      .priority = next_priority(&kernel->vmas)};
  insert(&process->vmas, vma);
  return 0;
}

int vma_add(struct kernel* kernel, struct process* process, uint64_t start, uint64_t end, uint32_t prot) {
  struct vma like = {.start = start, .end = end, .prot = prot, .kind = VMA_ANONYMOUS};
  return vma_insert(kernel, process, &like);
}
