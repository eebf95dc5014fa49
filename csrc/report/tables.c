// SPDX-License-Identifier: MIT
#include "report/tables.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"

// --- the processes ---------------------------------------------------------------------------------------------------

enum { PROCESSES_MAX = 256 };

struct list {
  struct kernel_process processes[PROCESSES_MAX];
  size_t count;
};

static void add(void* ctx, const struct kernel_process* process) {
  struct list* list = ctx;
  if (list->count < PROCESSES_MAX) list->processes[list->count++] = *process;
}

static void print_name(const struct tables* t, const struct kernel_process* process) {
  fprintf(t->out, "\n%sprocess %d, %s%s\n", t->colours.bold, process->pid, process->name, t->colours.off);
}

// --- maps ------------------------------------------------------------------------------------------------------------

static void print_area(void* ctx, const struct kernel_vma* vma) {
  const struct tables* t = ctx;
  char bytes[NUMBER_TEXT_MAX];
  fprintf(t->out, "  %08" PRIx64 "  %08" PRIx64 " %12s  %c%c%c %8" PRIu64 " %8" PRIu64 "  %s\n", vma->start, vma->end,
          number_text(vma->end - vma->start, bytes), vma->prot & PROT_READ ? 'r' : '-',
          vma->prot & PROT_WRITE ? 'w' : '-', vma->prot & PROT_EXEC ? 'x' : '-', vma->resident, vma->swapped,
          vma->what);
}

void tables_maps(const struct tables* t) {
  struct list list = {.count = 0};
  kernel_processes(machine_kernel(t->machine), add, &list);
  for (size_t i = 0; i < list.count; i++) {
    print_name(t, &list.processes[i]);
    fprintf(t->out, "  %s%-8s  %-8s %12s  may %8s %8s  what%s\n", t->colours.dim, "start", "end", "bytes", "pages",
            "on disk", t->colours.off);
    kernel_vmas(machine_kernel(t->machine), list.processes[i].pid, print_area, (void*)t);
  }
}

// --- page tables -----------------------------------------------------------------------------------------------------

// How the modes split an address: bits an index, bytes an entry, levels (SDM vol. 3A, 4.3 to 4.5).
static const struct {
  unsigned levels, bits, bytes;
} modes[MODE_COUNT] = {
    [MODE_32BIT] = {2, 10, 4}, [MODE_PAE] = {3, 9, 8}, [MODE_4LEVEL] = {4, 9, 8}, [MODE_5LEVEL] = {5, 9, 8}};

enum { BIT_P = 1, BIT_RW = 2, BIT_US = 4, BIT_A = 32, BIT_D = 64, BIT_PS = 128, BIT_G = 256 };

static enum paging_mode mode_of(const uint64_t registers[5]) {
  bool paging = registers[CONTROL_CR0] >> 31 & 1, pae = registers[CONTROL_CR4] >> 5 & 1;
  bool long_mode = registers[CONTROL_EFER] >> 8 & 1, five = registers[CONTROL_CR4] >> 12 & 1;
  return !paging ? MODE_NONE : !pae ? MODE_32BIT : !long_mode ? MODE_PAE : five ? MODE_5LEVEL : MODE_4LEVEL;
}

unsigned tables_walk(struct machine* machine, uint64_t va, struct tables_entry entries[TABLES_LEVELS]) {
  const struct ram* ram = machine_ram(machine);
  uint64_t registers[5], pdptes[4];
  engine_registers(machine_engine(machine), registers, pdptes);
  enum paging_mode mode = mode_of(registers);
  unsigned count = 0;
  uint64_t table = registers[CONTROL_CR3] & UINT64_C(0x000ffffffffff000);
  if (mode == MODE_PAE) table = registers[CONTROL_CR3] & UINT64_C(0xffffffe0);
  for (unsigned level = modes[mode].levels; level > 0; level--) {
    uint64_t index = va >> (12 + modes[mode].bits * (level - 1)) & ((1u << modes[mode].bits) - 1);
    struct tables_entry* entry = &entries[count++];
    *entry = (struct tables_entry){.level = level, .pa = table + index * modes[mode].bytes};
    if (entry->pa + modes[mode].bytes > ram_bytes(ram)) break;
    entry->value = ram_read_word(ram, entry->pa, modes[mode].bytes);
    if (!(entry->value & BIT_P) || (level > 1 && entry->value & BIT_PS && !(mode == MODE_PAE && level == 3))) break;
    table = entry->value & UINT64_C(0x000ffffffffff000);
  }
  return count;
}

static void print_bits(const struct tables* t, uint64_t entry) {
  fprintf(t->out, "%s %s %c %c%s%s", entry & BIT_RW ? "write" : "read ", entry & BIT_US ? "user" : "kern",
          entry & BIT_A ? 'A' : '-', entry & BIT_D ? 'D' : '-', entry & BIT_G ? " global" : "",
          entry >> 63 ? " no-execute" : "");
}

static void print_page(const struct tables* t, bool loaded, uint64_t va, uint64_t pa) {
  struct tables_entry entries[TABLES_LEVELS];
  fprintf(t->out, "  %08" PRIx64 "  %08" PRIx64 "  ", va, pa);
  unsigned count = loaded ? tables_walk(t->machine, va, entries) : 0;
  if (count) {
    print_bits(t, entries[count - 1].value);
    fprintf(t->out, "  ");
  }
  for (unsigned i = 0; i < count; i++)
    fprintf(t->out, "%s[%08" PRIx64 "] = %" PRIx64, i ? " > " : "", entries[i].pa, entries[i].value);
  fputc('\n', t->out);
}

struct page_view {
  const struct tables* tables;
  int pid;
  bool loaded;
  uint64_t pages;
};

static void print_pages(void* ctx, const struct kernel_vma* vma) {
  struct page_view* view = ctx;
  const struct kernel* kernel = machine_kernel(view->tables->machine);
  uint64_t pa;
  for (uint64_t va = vma->start; va < vma->end; va += 4096) {
    if (!kernel_translate(kernel, view->pid, va, &pa)) continue;
    print_page(view->tables, view->loaded, va, pa);
    view->pages++;
  }
}

void tables_pagetables(const struct tables* t) {
  struct kernel* kernel = machine_kernel(t->machine);
  struct list list = {.count = 0};
  kernel_processes(kernel, add, &list);
  for (size_t i = 0; i < list.count; i++) {
    struct page_view view = {t, list.processes[i].pid, kernel_current(kernel) == list.processes[i].pid, 0};
    print_name(t, &list.processes[i]);
    fprintf(t->out, "  %s%-8s  %-8s  %s%s\n", t->colours.dim, "page", "frame",
            view.loaded ? "bits, and the entries from the root on" : "", t->colours.off);
    kernel_vmas(kernel, view.pid, print_pages, &view);
    fprintf(t->out, "  %" PRIu64 " pages in memory\n", view.pages);
  }
}

// --- top -------------------------------------------------------------------------------------------------------------

void tables_top(const struct tables* t) {
  static const char* const states[] = {
      [KERNEL_READY] = "ready", [KERNEL_RUNNING] = "running", [KERNEL_BLOCKED] = "waiting", [KERNEL_ZOMBIE] = "ended"};
  struct list list = {.count = 0};
  kernel_processes(machine_kernel(t->machine), add, &list);
  fprintf(t->out, "\n%s%4s %6s  %-16s %-8s %14s %8s %8s %8s %9s %8s %8s%s\n", t->colours.dim, "pid", "parent",
          "program", "state", "cycles", "faults", "calls", "switches", "KiB", "pages", "on disk", t->colours.off);
  for (size_t i = 0; i < list.count; i++) {
    const struct kernel_process* p = &list.processes[i];
    char cycles[NUMBER_TEXT_MAX];
    fprintf(t->out,
            "%4d %6d  %-16s %-8s %14s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %9" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n",
            p->pid, p->parent, p->name, states[p->state], number_text(p->cycles, cycles), p->faults, p->calls,
            p->switches, p->bytes / 1024, p->resident, p->swapped);
  }
}
