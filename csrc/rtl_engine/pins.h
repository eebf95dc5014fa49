// SPDX-License-Identifier: MIT
// The pins of rtl/mmu_top.sv as the shim sees them: slices of vectors, and the structs of rtl/mmu_pkg.sv that stand
// there.
#ifndef PAGEWALK_RTL_ENGINE_PINS_H
#define PAGEWALK_RTL_ENGINE_PINS_H

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "Vmmu.h"
#include "engine/engine.h"

namespace {

constexpr unsigned counters_peek = 14, registers_peek = 15;  // peek_what_i: not arrays
constexpr unsigned psc_first = ARRAY_PSC_PDE;

// `width` <= 64 bits of a vector of pins, whatever type Verilator has given it.
template <typename Integer>
uint64_t bits(const Integer& vector, unsigned low, unsigned width) {
  return static_cast<uint64_t>(vector) >> low & (width == 64 ? UINT64_MAX : (uint64_t{1} << width) - 1);
}
template <std::size_t Words>
uint64_t bits(const VlWide<Words>& vector, unsigned low, unsigned width) {
  uint64_t value = 0;
  for (unsigned at = low; at < low + width;) {
    const unsigned offset = at % 32, taken = std::min(32 - offset, low + width - at);
    value |= (uint64_t{vector.at(at / 32) >> offset} & ((uint64_t{1} << taken) - 1)) << (at - low);
    at += taken;
  }
  return value;
}

// The same of what stands there `number` times over.
template <typename Vector>
uint64_t slot(const Vector& vector, unsigned number, unsigned width) {
  return bits(vector, number * width, width);
}

// mmu_pkg::found_t and filled_t, as they stand on the outputs.
constexpr unsigned found_width = 26, filled_width = 27;
struct found {
  explicit found(uint64_t bits)
      : hit(bits >> 25 & 1),
        large(bits >> 24 & 1),
        set(static_cast<uint16_t>(bits >> 8)),
        way(static_cast<uint8_t>(bits)) {}
  bool hit, large;
  uint16_t set;
  uint8_t way;
};
struct filled {
  explicit filled(uint64_t bits)
      : valid(bits >> 26 & 1),
        large(bits >> 25 & 1),
        evicts(bits >> 24 & 1),
        set(static_cast<uint16_t>(bits >> 8)),
        way(static_cast<uint8_t>(bits)) {}
  bool valid, large, evicts;
  uint16_t set;
  uint8_t way;
};

// mmu_pkg::prefetched_t and entry_t, as they stand on the outputs.
constexpr unsigned prefetched_width = 10, entry_width = 51;
struct prefetched {
  explicit prefetched(uint64_t bits)
      : begins(bits >> 8 & 1),
        looks(bits >> 5 & 1),
        reads(bits >> 4 & 1),
        first(bits >> 2 & 1),
        second(bits >> 1 & 1),
        walk(bits & 1),
        port(bits >> 3 & 1 ? PORT_DATA : PORT_FETCH) {}
  bool begins, looks, reads, first, second, walk;
  uint8_t port;
};

struct entry {
  explicit entry(uint64_t bits) : frame(bits >> 11), level(bits >> 9 & 3) {}
  uint64_t frame;
  uint8_t level;
};

}  // namespace

#endif
