// SPDX-License-Identifier: MIT
#include "model/shortcut.h"

void shortcut_make(struct shortcuts* shortcuts, const struct paging* paging, uint64_t va, struct array* array,
                   struct place at) {
  const struct translation* t = array_entry(array, at);
  struct shortcut* shortcut = shortcut_of(shortcuts, va >> PAGE_SHIFT);
  uint64_t* state = &array->replacement[at.set * array->words];
  shortcut->page = va >> PAGE_SHIFT;
  shortcut->pa = t->pa | (va & bits_between(PAGE_SHIFT, t->shift));
  shortcut->replacement = array->policy == REPLACE_LRU ? state + at.way : state;
  shortcut->allowed = paging->allowed[t->key][t->rights];
  if (!t->dirty) shortcut->allowed &= ~ACCESS_CLASSES_WRITING;
  shortcut->ways = (uint8_t)array->ways;
  shortcut->way = (uint8_t)at.way;
  shortcut->size = (uint8_t)size_class(t->shift);
  if (array->policy == REPLACE_PLRU) shortcut->path = replacement_path(array->ways, at.way);
}

void shortcuts_forget(struct shortcuts* shortcuts) {
  for (int i = 0; i < SHORTCUTS; i++) shortcuts->table[i].page = SHORTCUT_NONE;
}

void shortcuts_forget_page(struct shortcuts* shortcuts, uint64_t va, unsigned shift) {
  if (shift == PAGE_SHIFT) {
    shortcut_of(shortcuts, va >> PAGE_SHIFT)->page = SHORTCUT_NONE;
    return;
  }
  for (int i = 0; i < SHORTCUTS; i++)
    if ((shortcuts->table[i].page ^ va >> PAGE_SHIFT) >> (shift - PAGE_SHIFT) == 0)
      shortcuts->table[i].page = SHORTCUT_NONE;
}
