// SPDX-License-Identifier: MIT
// The one permission function: may this access use this translation, and if not, with what page-fault error code?
// Asked by the ports on a TLB hit and by the walker for every entry it reads. Combinational.
// docs/paging.md, "Permissions" and "Page-fault error code"; SDM vol. 3A, 4.6 and 4.7.
//
//   not present ──► fault, P = 0
//   reserved bit ──► fault, P = 1, RSVD = 1     (at any level, before rights)
//   a leaf ──► rights deny? ──► fault, P = 1
//
//   rights deny:      user page                           supervisor page
//   user access       write: R/W = 0    fetch: NX         always
//   supervisor data   SMAP without AC;  write: WP, R/W=0  write: WP, R/W = 0
//   supervisor fetch  SMEP;             NX                NX
//
//   protection key of a user page: AD denies data accesses, WD writes (a supervisor's only with CR0.WP), none a fetch

module permission (
  input  logic                          check_i,
  input  mmu_pkg::context_t             context_i,
  input  logic [31:0]                   pkru_i,
  input  mmu_pkg::access_t              access_i,
  // the entry, or the cached translation
  input  logic                          present_i,
  input  logic                          reserved_i,
  input  logic                          leaf_i,
  input  mmu_pkg::rights_t              rights_i,
  input  logic [3:0]                    key_i,
  output logic                          fault_o,
  output logic [mmu_pkg::ErrorWidth-1:0] error_o
);

  logic user, write, fetch, deny, shielded, access_disable, write_disable, key_denies;

  always_comb begin
    user = 1'b0;
    write = 1'b0;
    fetch = 1'b0;
    deny = 1'b0;
    shielded = 1'b0;
    access_disable = 1'b0;
    write_disable = 1'b0;
    key_denies = 1'b0;
    fault_o = 1'b0;
    error_o = '0;
    if (check_i) begin
      user = access_i.user & ~access_i.implicit;
      write = access_i.kind == mmu_pkg::AccessWrite;
      fetch = access_i.kind == mmu_pkg::AccessFetch;
      shielded = fetch ? context_i.smep : context_i.smap & ~(access_i.ac & ~access_i.implicit);
      deny = (user & ~rights_i.user)
           | (~user & rights_i.user & shielded)
           | (write & ~rights_i.writable & (user | `BUG(36, context_i.wp, 1'b0)))
           | (fetch & rights_i.no_execute);
      if (context_i.pke) begin
        access_disable = pkru_i[{key_i, 1'b0}];
        write_disable = pkru_i[{key_i, 1'b1}];
        key_denies = rights_i.user & ~fetch & (access_disable | (write_disable & write & (user | context_i.wp)));
      end
      fault_o = ~present_i | reserved_i | (leaf_i & (deny | key_denies));
      if (fault_o) begin
        error_o = {present_i & ~reserved_i & leaf_i & key_denies, fetch & `BUG(34, context_i.code_errors, 1'b1), present_i & reserved_i, user, write, present_i};
      end
    end
  end

endmodule
