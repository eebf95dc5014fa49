// SPDX-License-Identifier: MIT
// Types and constants that the modules share: widths, modes, references, TLB entries, register bits.
// Sized once for the widest mode: 57-bit linear addresses, 52-bit physical addresses, 64-bit entries.
//
// No functions here and no `import` elsewhere: yosys reads neither. What would be a function is a small module
// (level_table, entry_decode, permission).

// Deliberate bugs (rtl/bugs/): `BUG(number, right, wrong) is `right`, but in a build with BUGS defined, where the number
// chosen at run time decides, and in a proof of a broken design, where PROVE_BUG is that number.
`ifdef PROVE_BUG
  `define BUG(number, right, wrong) (`PROVE_BUG == number ? (wrong) : (right))
`elsif BUGS
  `define BUG(number, right, wrong) (mmu_pkg::bug == number ? (wrong) : (right))
`else
  `define BUG(number, right, wrong) (right)
`endif

package mmu_pkg;

`ifdef BUGS
  int bug;  // the bug chosen, 0: none
`endif

  // -------------------------------------------------------------------------------------------------------------------
  // Widths
  localparam int unsigned VpnWidth = 45;  // linear page number, VA[56:12]
  localparam int unsigned FrameWidth = 40;  // frame number, PA[51:12]
  localparam int unsigned LevelWidth = 3;  // 1 = PTE, 2 = PDE, 3 = PDPTE, 4 = PML4E, 5 = PML5E
  localparam int unsigned PcidWidth = 12;

  // -------------------------------------------------------------------------------------------------------------------
  // References. Encodings are those of csrc/engine/engine.h.
  typedef enum logic [1:0] {AccessRead, AccessWrite, AccessFetch} access_e;
  typedef enum logic [1:0] {FaultNone, FaultPage, FaultGp, FaultBus} fault_e;
  typedef enum logic [1:0] {PathOff, PathL1, PathStlb, PathWalk} path_e;

  // Who asks, and for what.
  typedef struct packed {
    access_e kind;
    logic    user;      // CPL = 3
    logic    ac;        // EFLAGS.AC
    logic    implicit;  // supervisor at any CPL; SMAP ignores AC
  } access_t;

  localparam int unsigned ErrorWidth = 6;  // page-fault error code: PK, I/D, RSVD, U/S, W/R, P

  // -------------------------------------------------------------------------------------------------------------------
  // Translations
  typedef struct packed {
    logic writable;    // AND of R/W over the levels
    logic user;        // AND of U/S
    logic no_execute;  // OR of NX
  } rights_t;

  // What a TLB holds of a page. `level` is the level of its leaf entry and so its size:
  // 1: 4 KiB; 2: 2 MiB, or 4 MiB in 32-bit mode; 3: 1 GiB. A change of mode empties the TLBs, so 21 and 22 never meet.
  typedef struct packed {
    logic [FrameWidth-1:0] frame;  // of its first 4 KiB
    logic [1:0]            level;
    rights_t               rights;
    logic [3:0]            key;    // protection key, as read
    logic                  dirty;
    logic                  is_global;  // G, with CR4.PGE on
  } entry_t;

  // -------------------------------------------------------------------------------------------------------------------
  // Paging modes, and what of the control registers matters to a translation
  typedef enum logic [2:0] {ModeNone, Mode32Bit, ModePae, Mode4Level, Mode5Level} mode_e;

  typedef struct packed {
    mode_e mode;
    logic  wp;    // CR0
    logic  pse;   // CR4
    logic  pge;
    logic  smep;
    logic  smap;
    logic  pke;   // in long mode only
    logic  nxe;   // EFER
    logic  wide;  // long mode is active
    logic  code_errors;  // a fetch shows in the error code: NXE with PAE, or SMEP
    logic [PcidWidth-1:0] pcid;  // 0 without CR4.PCIDE
  } context_t;

  // What a control operation drops from the TLBs.
  typedef enum logic [2:0] {
    DropNone,
    DropAll,       // of all PCIDs, global ones too
    DropLocal,     // of all PCIDs, but not global ones
    DropCurrent,   // of the current PCID, and global ones
    DropPcid,      // of a PCID, but not global ones
    DropPage,      // what translates an address for the current PCID: its own and global ones, of any size
    DropPcidPage   // what translates an address for a PCID, but not global ones
  } drop_e;

  // All that goes from the arrays in one cycle. `a` and `b` are page faults of the fetch and the data port, and drop what
  // translates their address for the current PCID. No reference is in flight when an operation acts, so that the page of
  // DropPage and DropPcidPage stands in a_vpn.
  typedef struct packed {
    drop_e                 what;
    logic [PcidWidth-1:0]  pcid;    // whose
    logic                  select;  // it becomes the current PCID
    logic                  a;
    logic                  b;
    logic [VpnWidth-1:0]   a_vpn;
    logic [VpnWidth-1:0]   b_vpn;
    logic                  any;     // of the above
  } drops_t;

  // Where a lookup hit, and what a fill did: in the main array, or in the one for large pages.
  typedef struct packed {
    logic        hit;
    logic        big;  // in the array for large pages
    logic [15:0] set_index;
    logic [7:0]  way_index;
  } found_t;

  typedef struct packed {
    logic        valid;
    logic        big;  // in the array for large pages
    logic        evicts;  // a valid entry of another page went
    logic [15:0] set_index;
    logic [7:0]  way_index;
  } filled_t;

  // An entry as the debug port shows it; 0 where it was not asked, so that the arrays' answers can be or-ed.
  typedef struct packed {
    logic                 valid;
    logic [VpnWidth-1:0]  vpn;
    logic [PcidWidth-1:0] pcid;
    entry_t               entry;
  } peek_t;

  // What bit 7 of an entry means at a level.
  typedef enum logic [1:0] {
    PsLeaf,     // set: a large page
    PsIfPse,    // the same if CR4.PSE, else ignored
    PsNone,     // always a leaf (PTE; the bit is PAT)
    PsReserved  // must be 0
  } ps_e;

  // -------------------------------------------------------------------------------------------------------------------
  // Entry bits, the same in every format (docs/paging.md, "Entry bits"). Addresses: entry_decode.sv.
  localparam int unsigned EntryP = 0;
  localparam int unsigned EntryRw = 1;
  localparam int unsigned EntryUs = 2;
  localparam int unsigned EntryA = 5;
  localparam int unsigned EntryD = 6;
  localparam int unsigned EntryPs = 7;
  localparam int unsigned EntryG = 8;
  localparam int unsigned EntryKey = 59;  // four bits, in long mode
  localparam int unsigned EntryNx = 63;

  // -------------------------------------------------------------------------------------------------------------------
  // The memory port
  typedef enum logic [1:0] {
    MemRead,   // one entry of 4 or 8 bytes
    MemCas,    // compare and swap one entry
    MemPdptes  // four PDPTEs of 8 bytes
  } mem_e;

  // Every reply names the command that it answers: one to a walk that is over is never taken for another's.
  localparam int unsigned EpochWidth = 4;

  // Who serves a memory access (enum served_by)
  typedef enum logic [1:0] {ServedL1d, ServedL2, ServedL3, ServedDram} served_e;

  // What an access to open-row DRAM finds in its bank; RowNone: no such access, or no banks
  typedef enum logic [1:0] {RowNone, RowHit, RowOpens, RowConflict} row_e;

  // -------------------------------------------------------------------------------------------------------------------
  // Control port
  typedef enum logic [2:0] {OpCr0, OpCr3, OpCr4, OpEfer, OpPkru, OpInvlpg, OpInvpcid, OpSegment} op_e;

  localparam int unsigned Cr0Pe = 0;
  localparam int unsigned Cr0Et = 4;
  localparam int unsigned Cr0Wp = 16;
  localparam int unsigned Cr0Nw = 29;
  localparam int unsigned Cr0Cd = 30;
  localparam int unsigned Cr0Pg = 31;
  // PE MP EM TS ET NE WP AM NW CD PG; other low bits are ignored, the high half is reserved.
  localparam logic [63:0] Cr0Kept = 64'h0000_0000_e005_003f;
  localparam logic [63:0] Cr0Reset = 64'h11;

  localparam int unsigned Cr3Keep = 63;  // of the value written, with CR4.PCIDE: drop nothing

  localparam int unsigned Cr4Pse = 4;
  localparam int unsigned Cr4Pae = 5;
  localparam int unsigned Cr4Pge = 7;
  localparam int unsigned Cr4La57 = 12;
  localparam int unsigned Cr4Pcide = 17;
  localparam int unsigned Cr4Smep = 20;
  localparam int unsigned Cr4Smap = 21;
  localparam int unsigned Cr4Pke = 22;
  // VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP LA57 FSGSBASE PCIDE OSXSAVE SMEP SMAP PKE.
  localparam logic [63:0] Cr4Known = 64'h0000_0000_0077_1fff;

  localparam int unsigned EferLme = 8;
  localparam int unsigned EferLma = 10;  // read-only
  localparam int unsigned EferNxe = 11;
  // SCE LME LMA NXE
  localparam logic [63:0] EferKnown = 64'h0000_0000_0000_0d01;
  localparam logic [63:0] EferKept = 64'h0000_0000_0000_0901;

  // -------------------------------------------------------------------------------------------------------------------
  // The shape of a machine: what a build is made for. mmu_top has a parameter for each; the modules that hand most of
  // them on have this.
  typedef struct packed {
    logic [31:0] sets;  // 0: there is none
    logic [31:0] ways;
    logic [31:0] policy;        // Replace*
    logic [31:0] large_sets;    // 0: large pages lie in the main array
    logic [31:0] large_ways;
    logic [31:0] entries;       // of each array, at least 1, so that vectors over them can be named
    logic [31:0] large_entries;
  } tlb_shape_t;

  typedef struct packed {
    logic [31:0] sets;  // 0: there is none
    logic [31:0] ways;
  } cache_shape_t;

  typedef struct packed {
    tlb_shape_t   itlb;
    tlb_shape_t   dtlb;
    tlb_shape_t   stlb;
    logic [31:0]  psc_pde;      // entries of the walk caches
    logic [31:0]  psc_pdpte;
    logic [31:0]  psc_pml4e;
    logic [31:0]  psc_pml5e;
    logic [31:0]  psc_width;    // the most of them, at least 1
    cache_shape_t l1d;          // timing caches
    cache_shape_t l2;
    cache_shape_t l3;
    logic [31:0]  cache_entry;  // where the walker enters them
    logic         data_timed;   // data are looked up there
    logic [31:0]  dram_banks;   // at most; 0: every access to memory takes the same time
    logic         at_once;      // a memory command can take a single cycle
    logic [31:0]  walkers;
    logic [31:0]  prefetch;     // Prefetch*
    logic [31:0]  slots;        // memory commands in a cycle
    logic [31:0]  writebacks;   // dirty lines that can go in a cycle
  } shape_t;

  // -------------------------------------------------------------------------------------------------------------------
  // Cycles (docs/timing.md, "What a reference costs"), set when the machine starts
  typedef struct packed {
    logic [31:0] itlb;
    logic [31:0] dtlb;
    logic [31:0] stlb;
    logic [31:0] start;  // walk.*
    logic [31:0] step;
    logic [31:0] cas;
    logic [31:0] l1d;
    logic [31:0] l2;
    logic [31:0] l3;
    logic [31:0] dram;
    logic [31:0] row_hit;       // dram.*
    logic [31:0] row_conflict;
    logic [31:0] cr;     // op.*
    logic [31:0] invlpg;
    logic [31:0] invpcid;
    logic [31:0] segment;
  } latencies_t;

  // Shapes that need no build of their own, set when the machine starts, too
  typedef struct packed {
    logic [5:0] bank_mask;  // dram.banks - 1
    logic [3:0] row_shift;  // dram.row = 64 << row_shift bytes
  } dram_t;

  // -------------------------------------------------------------------------------------------------------------------
  // Segments (docs/timing.md, finer points 15 and 16)
  localparam int unsigned SegmentWidth = 3;

  typedef struct packed {
    logic present;
    logic writable;
    logic expand_down;
    logic user;  // privilege 3
  } segment_flags_t;

  // -------------------------------------------------------------------------------------------------------------------
  // TLB prefetchers (enum prefetch in csrc/config/config.h)
  localparam int unsigned PrefetchNone = 0;
  localparam int unsigned PrefetchNextPage = 1;
  localparam int unsigned PrefetchAdjacent = 2;

  // What one does in a cycle
  typedef struct packed {
    logic works;    // at the cycle's start
    logic begins;   // its walk
    logic instant;  // ... which ends before its first cycle
    logic over;     // its walk's last cycle
    logic looks;    // the walk caches' lookup of this cycle is its
    logic reads;    // the memory command of this cycle is its
    logic data;     // for the data port
    logic first;    // it fills the port's TLB,
    logic second;   // the second level,
    logic walk;     // the walk caches
  } prefetched_t;

  // -------------------------------------------------------------------------------------------------------------------
  // Replacement policies (enum replacement in csrc/config/config.h)
  localparam int unsigned ReplaceLru = 0;
  localparam int unsigned ReplacePlru = 1;
  localparam int unsigned ReplaceFifo = 2;
  localparam int unsigned ReplaceNru = 3;
  localparam int unsigned ReplaceRandom = 4;

endpackage
