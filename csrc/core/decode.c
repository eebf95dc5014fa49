// SPDX-License-Identifier: MIT
// From bytes to an instruction: prefixes, opcode, ModRM, SIB, displacement, immediates (SDM vol. 2A, chapter 2).
#include <string.h>

#include "core/execute.h"
#include "core/operand.h"

// --- bytes -----------------------------------------------------------------------------------------------------------

struct reader {
  const uint8_t* bytes;
  unsigned count, at;
  bool ran_out;
};

static uint32_t take(struct reader* reader, unsigned size) {
  uint32_t value = 0;
  for (unsigned i = 0; i < size; i++, reader->at++) {
    if (reader->at >= reader->count) {
      reader->ran_out = true;
      return 0;
    }
    value |= (uint32_t)reader->bytes[reader->at] << (8 * i);
  }
  return value;
}
static uint32_t take_signed(struct reader* reader, unsigned size) { return sign_extend(take(reader, size), size); }

// --- prefixes --------------------------------------------------------------------------------------------------------

struct prefixes {
  bool operand16, address16, lock, has_segment;
  uint8_t segment, repeat;
};

static bool take_prefix(uint8_t byte, struct prefixes* prefixes) {
  switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
      prefixes->segment = byte >> 3 & 3;  // ES, CS, SS, DS
      return prefixes->has_segment = true;
    case 0x64:
    case 0x65:
      prefixes->segment = byte - 0x64 + CORE_FS;
      return prefixes->has_segment = true;
    case 0x66:
      return prefixes->operand16 = true;
    case 0x67:
      return prefixes->address16 = true;
    case 0xf0:
      return prefixes->lock = true;
    case 0xf2:
      prefixes->repeat = REPEAT_WHILE_NOT_EQUAL;
      return true;
    case 0xf3:
      prefixes->repeat = REPEAT_WHILE_EQUAL;
      return true;
    default:
      return false;
  }
}

// --- ModRM -----------------------------------------------------------------------------------------------------------

struct modrm {
  uint8_t mod, reg, rm;
};

static bool has_modrm(const struct instruction* entry) {
  if (entry->traits & GROUP) return true;
  for (int i = 0; i < 3; i++) {
    enum operand_form form = entry->operand[i];
    if (form >= Eb && form <= M) return true;
  }
  return false;
}

// 16-bit addresses (table 2-1): BX+SI, BX+DI, BP+SI, BP+DI, SI, DI, BP, BX.
static void take_address16(struct reader* reader, const struct modrm* modrm, struct insn* insn) {
  static const uint8_t base[8] = {CORE_EBX, CORE_EBX, CORE_EBP, CORE_EBP, CORE_ESI, CORE_EDI, CORE_EBP, CORE_EBX};
  static const uint8_t index[4] = {CORE_ESI, CORE_EDI, CORE_ESI, CORE_EDI};
  if (modrm->mod == 0 && modrm->rm == 6) {
    insn->displacement = take(reader, 2);
    return;
  }
  insn->base = base[modrm->rm];
  if (modrm->rm < 4) insn->index = index[modrm->rm];
  if (insn->base == CORE_EBP) insn->segment = CORE_SS;
  if (modrm->mod != 0) insn->displacement = take_signed(reader, modrm->mod);
}

// 32-bit addresses (tables 2-2, 2-3).
static void take_address32(struct reader* reader, const struct modrm* modrm, struct insn* insn) {
  enum { SIB = 4, NO_INDEX = 4, DISPLACEMENT_ONLY = 5 };
  uint8_t base = modrm->rm;
  if (base == SIB) {
    uint8_t sib = (uint8_t)take(reader, 1);
    base = sib & 7;
    if ((sib >> 3 & 7) != NO_INDEX) insn->index = sib >> 3 & 7;
    insn->scale = sib >> 6;
  }
  if (modrm->mod == 0 && base == DISPLACEMENT_ONLY) {
    insn->displacement = take(reader, 4);
    return;
  }
  insn->base = base;
  if (base == CORE_ESP || base == CORE_EBP) insn->segment = CORE_SS;
  if (modrm->mod != 0) insn->displacement = take_signed(reader, modrm->mod == 1 ? 1 : 4);
}

// --- operands --------------------------------------------------------------------------------------------------------

static struct operand register_operand(unsigned number, unsigned size) {
  bool high = size == 1 && number >= 4;  // AH, CH, DH, BH
  return (struct operand){.kind = KIND_REGISTER,
                          .size = (uint8_t)size,
                          .reg = (uint8_t)(high ? number - 4 : number),
                          .shift = high ? 8 : 0};
}
static struct operand memory_operand(unsigned size) {
  return (struct operand){.kind = KIND_MEMORY, .size = (uint8_t)size};
}
static struct operand modrm_operand(const struct modrm* modrm, unsigned size) {
  return modrm->mod == 3 ? register_operand(modrm->rm, size) : memory_operand(size);
}
static struct operand immediate_operand(unsigned size) {
  return (struct operand){.kind = KIND_IMMEDIATE, .size = (uint8_t)size};
}

// `word`: the operand size, 2 or 4. False: the instruction has no such form.
static bool take_operand(struct reader* reader, enum operand_form form, const struct modrm* modrm, unsigned word,
                         struct insn* insn, struct operand* operand) {
  switch (form) {
    case NONE:
      break;
    case Eb:
      *operand = modrm_operand(modrm, 1);
      break;
    case Ew:
      *operand = modrm_operand(modrm, 2);
      break;
    case Ev:
      *operand = modrm_operand(modrm, word);
      break;
    case RvMw:
      *operand = modrm_operand(modrm, modrm->mod == 3 ? word : 2);
      break;
    case M:
      *operand = memory_operand(word);
      return modrm->mod != 3;
    case Rd:
      *operand = register_operand(modrm->rm, 4);
      break;
    case Gb:
      *operand = register_operand(modrm->reg, 1);
      break;
    case Gv:
      *operand = register_operand(modrm->reg, word);
      break;
    case Zb:
      *operand = register_operand(insn->opcode & 7, 1);
      break;
    case Zv:
      *operand = register_operand(insn->opcode & 7, word);
      break;
    case AL:
      *operand = register_operand(CORE_EAX, 1);
      break;
    case eAX:
      *operand = register_operand(CORE_EAX, word);
      break;
    case CL:
      *operand = register_operand(CORE_ECX, 1);
      break;
    case One:
      *operand = immediate_operand(1);
      insn->immediate = 1;
      break;
    case Ib:
      *operand = immediate_operand(1);
      if (operand == &insn->second && insn->first.kind == KIND_IMMEDIATE)  // ENTER
        insn->extra = (uint16_t)take(reader, 1);
      else
        insn->immediate = take(reader, 1);
      break;
    case Iw:
      *operand = immediate_operand(2);
      insn->immediate = take(reader, 2);
      break;
    case Iz:
      *operand = immediate_operand(word);
      insn->immediate = take(reader, word);
      break;
    case Is:
      *operand = immediate_operand(word);
      insn->immediate = take_signed(reader, 1) & size_mask(word);
      break;
    case Jb:
      *operand = immediate_operand(1);
      insn->immediate = take_signed(reader, 1);
      break;
    case Jz:
      *operand = immediate_operand(word);
      insn->immediate = take_signed(reader, word);
      break;
    case Ob:
    case Ov:
      *operand = memory_operand(form == Ob ? 1 : word);
      insn->displacement = take(reader, insn->address16 ? 2 : 4);
      break;
    case Ap:
      *operand = immediate_operand(word);
      insn->immediate = take(reader, word);
      insn->extra = (uint16_t)take(reader, 2);
      break;
  }
  return true;
}

static bool first_is_byte(const struct instruction* entry) {
  switch (entry->operand[0]) {
    case Eb:
    case Gb:
    case Zb:
    case AL:
    case Ob:
      return true;
    default:
      return entry->traits & BYTES;
  }
}

// --- the whole -------------------------------------------------------------------------------------------------------

static void choose_function(const struct instruction* entry, struct insn* insn) {
  insn->name = entry->name;
  if (entry->access == OWN) {
    insn->execute = entry->execute;
    return;
  }
  insn->compute = entry->compute;
  bool bit_string = (entry->traits & BITS) && insn->first.kind == KIND_MEMORY;
  insn->execute = bit_string ? execute_bit_string : generic_execute(entry->access, insn->first.kind, insn->second.kind);
}

// False: no such instruction, in what has been read so far.
static bool take_instruction(struct reader* reader, struct insn* insn) {
  struct prefixes prefixes = {.segment = CORE_DS};
  uint8_t byte;
  while (byte = (uint8_t)take(reader, 1), take_prefix(byte, &prefixes)) continue;
  bool two_bytes = byte == 0x0f;
  if (two_bytes) byte = (uint8_t)take(reader, 1);
  const struct instruction* entry = &opcode_map[two_bytes][byte];
  insn->opcode = byte;
  insn->segment = CORE_DS;
  insn->base = insn->index = NO_REGISTER;
  insn->address16 = prefixes.address16;
  insn->repeat = prefixes.repeat;
  if (!entry->name) return false;

  struct modrm modrm = {0};
  if (has_modrm(entry)) {
    uint8_t value = (uint8_t)take(reader, 1);
    modrm = (struct modrm){.mod = value >> 6, .reg = value >> 3 & 7, .rm = value & 7};
    insn->field = modrm.reg;
    if (entry->traits & GROUP) entry = &entry->group[modrm.reg];
    bool always_register = entry->operand[0] == Rd;
    if (modrm.mod != 3 && !always_register) (insn->address16 ? take_address16 : take_address32)(reader, &modrm, insn);
  }
  if (!entry->name) return false;  // in a group
  if (prefixes.has_segment) insn->segment = prefixes.segment;

  unsigned word = prefixes.operand16 ? 2 : 4;
  insn->size = (uint8_t)(first_is_byte(entry) ? 1 : word);
  struct operand third;
  struct operand* operands[3] = {&insn->first, &insn->second, &third};
  for (int i = 0; i < 3; i++) {
    if (!take_operand(reader, entry->operand[i], &modrm, word, insn, operands[i])) return false;
  }
  choose_function(entry, insn);
  return !prefixes.lock || ((entry->traits & LOCKABLE) && insn->first.kind == KIND_MEMORY);
}

static void keep_bytes(struct insn* insn, const uint8_t* bytes) {
  uint8_t ones[sizeof insn->mask] = {0};
  memset(ones, 0xff, insn->length);
  memcpy(insn->mask, ones, sizeof ones);
  memcpy(insn->bytes, bytes, insn->length);
}

bool decode(const uint8_t* bytes, unsigned count, struct insn* insn) {
  struct reader reader = {.bytes = bytes, .count = count};
  *insn = (struct insn){.length = 0};
  bool exists = take_instruction(&reader, insn);
  if (reader.ran_out && count < CORE_INSTRUCTION_BYTES) return false;
  if (!exists || reader.ran_out) {
    insn->execute = reader.ran_out ? execute_forbidden : execute_undefined;
    insn->name = NULL;
  }
  insn->length = (uint8_t)(reader.ran_out ? CORE_INSTRUCTION_BYTES : reader.at);
  keep_bytes(insn, bytes);
  return true;
}
