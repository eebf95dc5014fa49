// SPDX-License-Identifier: MIT
// One walk of 32-bit two-level tables through the Verilated MMU in SystemC: the golden timeline "walk-32bit" of
// docs/timing.md, with its latencies. Prints what happens, in cycles since the access was accepted.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "systemc/mmu_module.h"

namespace {

enum control_op { WRITE_CR0 = 0, WRITE_CR3 = 1 };  // rtl/mmu_pkg.sv, op_e
enum mem_command { MEM_READ = 0 };                 // rtl/mmu_pkg.sv, mem_e

class Walk : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clk_i{"clk_i"};
  bool answered = false;

  Walk(const sc_core::sc_module_name& name, MmuModule& mmu_in) : sc_module(name), mmu(mmu_in) {
    SC_HAS_PROCESS(Walk);
    SC_THREAD(run);
    sensitive << clk_i.neg();
    dont_initialize();
  }

 private:
  enum { GIVE_UP = 1000 };

  MmuModule& mmu;
  std::map<uint64_t, uint32_t> memory = {
      {0x1004, 0x2027},  // PDE 1: the table at 2000; present, writable, user, A set
      {0x2004, 0x5067},  // PTE 1: frame 5000; A and D set
  };
  uint64_t now = 0;     // the cycle that comes next
  uint64_t accept = 0;  // of the access

  void run() {
    set_latencies();
    for (int edges = 0; edges < 2; edges++) wait();
    mmu.rst_ni = true;
    mmu.step_i = true;
    write_register(WRITE_CR3, 0x1000);
    write_register(WRITE_CR0, 0x80000011);
    access(0x401234);
    sc_core::sc_stop();
  }

  void set_latencies() {
    mmu.itlb_latency_i = 1;
    mmu.dtlb_latency_i = 1;
    mmu.dram_latency_i = 10;
    mmu.walk_start_i = 1;
    mmu.walk_step_i = 1;
    mmu.walk_cas_i = 4;
    mmu.op_cr_i = 5;
    mmu.op_invlpg_i = 5;
    mmu.maxphyaddr_i = 40;
  }

  void cycle() {
    mmu.now_i = now++;
    wait();
    mmu.reply_i[0] = mmu.mem_valid_o;
    mmu.reply_epoch_i[0] = mmu.mem_epoch_o;
    if (!mmu.mem_valid_o) return;
    const uint64_t pa = mmu.mem_pa_o;
    const bool read = mmu.mem_command_o == MEM_READ;
    if (read) mmu.reply_data_i[0] = memory.count(pa) ? memory.at(pa) : 0;
    printf("cycle %" PRIu64 ": %s level %u at %" PRIx64 "\n", now - 1 - accept, read ? "read" : "swap",
           static_cast<unsigned>(mmu.mem_level_o), pa);
  }

  void write_register(control_op op, uint64_t value) {
    mmu.control_i = true;
    mmu.control_op_i = op;
    mmu.control_value_i = value;
    cycle();
    mmu.control_i = false;
    while (!mmu.control_done_o && now < GIVE_UP) cycle();
    printf("register %d: %s\n", op, mmu.control_done_o && !mmu.control_refused_o ? "written" : "refused");
  }

  void access(uint64_t va) {
    mmu.data_i = true;
    mmu.data_va_i = va;
    mmu.data_flags_i = 1;  // user
    mmu.data_size_i = 1;
    accept = now;
    cycle();
    printf("cycle 0: %s\n", mmu.data_accept_o ? "accepted" : "not accepted");
    mmu.data_i = false;
    while (!mmu.data_answer_o && now < GIVE_UP) cycle();
    answered = mmu.data_answer_o;
    if (answered) {
      printf("cycle %" PRIu64 ": answered, fault %u, pa %" PRIx64 "\n", now - 1 - accept,
             static_cast<unsigned>(mmu.data_fault_o), static_cast<uint64_t>(mmu.data_pa_o));
    }
  }
};

}  // namespace

int sc_main(int, char**) {
  sc_core::sc_clock clock("clock", sc_core::sc_time(10, sc_core::SC_NS));
  MmuModule mmu("mmu");
  Walk walk("walk", mmu);
  mmu.clk_i(clock);
  walk.clk_i(clock);
  sc_core::sc_start();
  return walk.answered ? EXIT_SUCCESS : EXIT_FAILURE;
}
