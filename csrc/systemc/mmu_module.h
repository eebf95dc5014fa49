// SPDX-License-Identifier: MIT
// The Verilated MMU (rtl/mmu_top.sv) as a SystemC module: a clock, and a signal for every other port, of the same name
// and type (those that are by miss unit are arrays). The list of ports is taken from Verilator's header when this is
// built (scripts/systemc.sh), so that it need not be kept by hand.
//
// A cycle is a period of the clock. What is presented before the rising edge is the cycle that begins with it; its
// outputs stand from then on, and at the falling edge a memory command of the cycle gets its reply:
//
//   inputs ──► rising edge ──► outputs of the cycle ──► falling edge: reply, next inputs ──► rising edge
#ifndef PAGEWALK_SYSTEMC_MMU_MODULE_H
#define PAGEWALK_SYSTEMC_MMU_MODULE_H

#include <cstdint>
#include <systemc>

#include "Vmmu.h"

class MmuModule : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clk_i{"clk_i"};
#define PORT(type, name) sc_core::sc_signal<type> name{#name};
#define PORTS(type, name, units) sc_core::sc_signal<type> name[units];
#include "ports.inc"
#undef PORT
#undef PORTS

  explicit MmuModule(const sc_core::sc_module_name& name) : sc_module(name) {
    top.clk_i(clk_i);
#define PORT(type, name) top.name(name);
#define PORTS(type, name, units) \
  for (int unit = 0; unit < units; unit++) top.name[unit](name[unit]);
#include "ports.inc"
#undef PORT
#undef PORTS
  }

 private:
  Vmmu top{"top"};
};

#endif
