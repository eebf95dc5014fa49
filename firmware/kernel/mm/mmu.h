// SPDX-License-Identifier: MIT
// x86 constants of the memory management unit, with the names of xv6's mmu.h (SDM vol. 3A, 2.5 and 4.3 to 4.4).
#ifndef PAGEWALK_FIRMWARE_KERNEL_MM_MMU_H
#define PAGEWALK_FIRMWARE_KERNEL_MM_MMU_H

#include <stdint.h>

#define PGSIZE ((uint64_t)4096)
#define PGSHIFT 12
#define PGROUNDDOWN(a) ((uint64_t)(a) & ~(PGSIZE - 1))

// A linear address in 32-bit paging:
//
// +--------10------+-------10-------+---------12----------+
// | Page Directory |   Page Table   | Offset within Page  |
// |      Index     |      Index     |                     |
// +----------------+----------------+---------------------+
//  \--- PDX(va) --/ \--- PTX(va) --/
#define PDX(va) (((uint32_t)(va) >> 22) & 0x3ff)
#define PTX(va) (((uint32_t)(va) >> 12) & 0x3ff)

// Entries, at every level and in all formats.
#define PTE_P ((uint64_t)0x001)   // present
#define PTE_W ((uint64_t)0x002)   // writable
#define PTE_U ((uint64_t)0x004)   // user
#define PTE_A ((uint64_t)0x020)   // accessed
#define PTE_D ((uint64_t)0x040)   // dirty
#define PTE_PS ((uint64_t)0x080)  // a large page
#define PTE_G ((uint64_t)0x100)   // global
#define PTE_SWAP \
  ((uint64_t)0x200)  // ours, in an entry that is not present: the page is in the swap block PTE_ADDR names
#define PTE_NX ((uint64_t)1 << 63)  // no-execute (all modes but 32-bit)
#define PTE_ADDR(entry) ((entry)&0x000ffffffffff000u)

#define CR0_PE 0x00000001u
#define CR0_ET 0x00000010u
#define CR0_WP 0x00010000u
#define CR0_PG 0x80000000u
#define CR4_PSE 0x00000010u
#define CR4_PAE 0x00000020u
#define CR4_PGE 0x00000080u
#define CR4_LA57 0x00001000u
#define CR4_PCIDE 0x00020000u
#define CR3_KEEP_TLB ((uint64_t)1 << 63)  // with CR4.PCIDE: the load drops nothing
#define EFER_LME 0x00000100u
#define EFER_NXE 0x00000800u

// INVPCID types (SDM vol. 2A).
#define INVPCID_ADDRESS 0u
#define INVPCID_ALL_OF_PCID 1u

// Exceptions.
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14

// Page-fault error code.
#define FEC_PR 0x1u    // protection violation: a present entry denied the access
#define FEC_WR 0x2u    // by a write
#define FEC_U 0x4u     // in user mode
#define FEC_RSVD 0x8u  // a reserved bit was set
#define FEC_ID 0x10u   // by an instruction fetch

// The kernel's part of every address space in the modes of 32-bit addresses: the upper GiB.
#define KERNBASE ((uint64_t)0xc0000000)        // direct map of low memory starts here; user space ends
#define DIRECT_BYTES ((uint64_t)896 << 20)     // the direct map's greatest length
#define ADDRESS_SPACE_END ((uint64_t)1 << 32)  // the window's table maps the last large page below

// In the long modes: the upper half, which the direct map of all memory has for itself.
#define USER_END_4LEVEL ((uint64_t)1 << 47)
#define KERNBASE_4LEVEL (-USER_END_4LEVEL)  // ffff800000000000
#define USER_END_5LEVEL ((uint64_t)1 << 56)
#define KERNBASE_5LEVEL (-USER_END_5LEVEL)  // ff00000000000000

#endif
