// SPDX-License-Identifier: MIT
#include "model/segment.h"

#include "model/paging.h"

struct segment_range segment_range(const struct segment* segment) {
  if (!segment->expand_down) return (struct segment_range){0, segment->limit};
  if (segment->limit >= UINT32_MAX) return (struct segment_range){1, 0};
  return (struct segment_range){segment->limit + 1, UINT32_MAX};
}

static bool permits_class(const struct segment* segment, unsigned class) {
  return segment->present && (segment->privilege == 3 || !access_class_is_user(class)) &&
         (segment->writable || class >> 3 != ACCESS_WRITE);
}

uint32_t segment_classes(const struct segment* segment) {
  uint32_t classes = 0;
  for (unsigned class = 0; class < ACCESS_CLASSES; class ++)
    if (permits_class(segment, class)) classes |= UINT32_C(1) << class;
  return classes;
}

bool segment_permits(const struct segment* segment, const struct ref* ref) {
  return permits_class(segment, access_class(ref)) && segment_holds(segment_range(segment), ref->va, ref->size);
}
