// SPDX-License-Identifier: MIT
// What a control operation does: refused or not, what the registers become, which entries go
// (docs/paging.md, "What may be cached, and what drops it"). Knows no time.
#ifndef PAGEWALK_MODEL_CONTROL_H
#define PAGEWALK_MODEL_CONTROL_H

#include "model/registers.h"

// Which entries go. "A PCID's" means drop_pcid; global entries belong to no PCID.
enum control_drop {      // TLBs                                          walk caches
  DROP_NOTHING,          // -                                             -
  DROP_ADDRESS,          // what translates the operand, global ones too  the PCID's
  DROP_ADDRESS_OF_PCID,  // what translates the operand for the PCID      the PCID's
  DROP_PCID,             // the PCID's                                    the PCID's
  DROP_PCID_AND_GLOBAL,  // the PCID's and all global ones                the PCID's
  DROP_NON_GLOBAL,       // all but global ones                           all
  DROP_ALL               // all                                           all
};

struct control_plan {
  bool refused;      // #GP by the operand alone
  bool load_pdptes;  // the four PDPTEs are read from memory before the operation's own latency
  uint64_t pdpte_address;
  enum control_drop drop;
  uint16_t drop_pcid;
  struct registers after;  // if it is not refused; the PDPTE registers are still the old ones
};

// CR0 = 11, all others 0; segment 0 flat, the others absent.
void control_reset(struct registers* registers);

// What the machine has (MAXPHYADDR, PCIDs, global pages) is in `config`.
void control_plan(struct control_plan* plan, const struct registers* now, const struct control* control,
                  const struct config* config);

// Takes over the PDPTEs read for a plan; false (#GP) if a present one has a reserved bit set.
bool control_take_pdptes(struct control_plan* plan, const uint64_t pdptes[PDPTE_COUNT], unsigned maxphyaddr);

#endif
