// SPDX-License-Identifier: MIT
#include "fuzz/campaign.h"

#include "fuzz/generate.h"
#include "fuzz/random.h"

bool campaign_case(const struct campaign* campaign, uint64_t seed, struct script* script, struct trial* trial,
                   struct error* err) {
  const struct geometry* geometry = campaign->geometry ? campaign->geometry : &geometries[seed % geometry_count];
  struct random random = random_from(~seed);
  struct config config;
  geometry_config(geometry, &config);
  struct generate generate = {.geometry = &config,
                              .mode = (enum paging_mode)(MODE_32BIT + random_below(&random, 4)),
                              .fast_memory = geometry->fast_too && random_chance(&random, 40),
                              .seed = seed,
                              .windows = campaign->windows ? campaign->windows : CAMPAIGN_WINDOWS};
  if (!generate_case(script, &generate, err)) return false;
  *trial = (struct trial){.engine = campaign->engine,
                          .options = {.stepping = random_chance(&random, 60) ? STEPPING_RANDOM : STEPPING_SKIP,
                                      .seed = seed,
                                      .plant = campaign->plant,
                                      .plant_ctx = campaign->plant_ctx}};
  // A core's run says nothing by itself: it takes two to compare.
  trial->core = campaign->core || (campaign->engine == ENGINE_BOTH && !campaign->plant && random_chance(&random, 15));
  if (campaign->coverage) {
    campaign->coverage->two_walkers |= config.walkers == 2;
    trial->options.on_answer = coverage_count;
    trial->options.on_answer_ctx = campaign->coverage;
  }
  trial_run(trial, script);
  return true;
}
