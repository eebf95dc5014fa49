// SPDX-License-Identifier: MIT
// Virtual memory areas: what a process may use, whether or not anything is mapped there.
//
// A process's VMAs are a treap ordered by address: a binary search tree that is also a heap of priorities, which makes
// its depth logarithmic whatever the order of insertions. They never overlap.
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_VMA_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_VMA_H

#include <stdbool.h>
#include <stdint.h>

struct kernel;
struct kernel_segment;
struct process;

enum vma_kind { VMA_ANONYMOUS, VMA_PROGRAM, VMA_HEAP, VMA_STACK };

enum { VMA_MAX = 65536 };  // of all processes together

struct vma {
  uint64_t start, end;  // multiples of 4096; end is one past the last byte
  uint32_t prot;
  uint8_t kind;  // enum vma_kind
  uint32_t priority;
  const struct kernel_segment* segment;  // PROGRAM: where its pages come from, and what lies around it is zero
  uint64_t resident, swapped;  // pages present; pages whose content is in a swap block or on its way from or to it
  struct vma *left, *right;    // a free one: left = the next free one
};

struct vma_pool {
  struct vma* vmas;    // [VMA_MAX]
  struct vma* free;    // given back
  uint32_t watermark;  // those from here on were never used
  uint32_t born;       // VMAs made so far
};

// The VMA that contains `va`, or NULL.
struct vma* vma_find(const struct process* process, uint64_t va);

// The lowest VMA that ends above `va`, or NULL. Starting with 0 and going on with the end of each visits all in order.
struct vma* vma_above(const struct process* process, uint64_t va);

// Adds [start, end). Merges with neighbours of equal protection. 0, or -EEXIST, -ENOMEM.
int vma_add(struct kernel* kernel, struct process* process, uint64_t start, uint64_t end, uint32_t prot);

// The same for a VMA of any kind, described by start, end, prot, kind, segment. Those of the heap merge, too.
int vma_insert(struct kernel* kernel, struct process* process, const struct vma* like);

// Takes a VMA out of the process.
void vma_remove(struct kernel* kernel, struct process* process, struct vma* vma);

#endif
