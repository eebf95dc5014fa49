// SPDX-License-Identifier: MIT
// Repeatable randomness: splitmix64 (Steele, Lea, Flood 2014). Small enough to be copied along with what it decides.
#ifndef PAGEWALK_FUZZ_RANDOM_H
#define PAGEWALK_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
  uint64_t state;
};

static inline struct random random_from(uint64_t seed) { return (struct random){seed}; }

static inline uint64_t random_draw(struct random* random) {
  uint64_t z = random->state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

// 0..n-1
static inline uint64_t random_below(struct random* random, uint64_t n) { return random_draw(random) % n; }

static inline bool random_chance(struct random* random, unsigned percent) {
  return random_below(random, 100) < percent;
}

#endif
