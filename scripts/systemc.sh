#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# systemc.sh FOLDER: builds FOLDER/walk, the SystemC smoke test: the MMU Verilated as a SystemC module, and
# csrc/systemc/walk.cpp around it. Does nothing if FOLDER/walk is newer than all its sources. Needs libsystemc-dev.
set -euo pipefail
[ $# = 1 ] || { echo "usage: scripts/systemc.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

mapfile -t rtl < <(ls rtl/*.sv rtl/*/*.sv | grep -v -e '^rtl/mmu_pkg.sv$' -e '^rtl/check/')
sources=(rtl/mmu_pkg.sv "${rtl[@]}" csrc/systemc/* scripts/systemc.sh)
if [ -x "$folder/walk" ] && [ -z "$(find "${sources[@]}" -newer "$folder/walk" -print -quit)" ]; then exit 0; fi

rm -f "$folder"/*
verilator --sc --prefix Vmmu --top-module mmu_top -Wno-fatal --x-assign fast --unroll-count 4096 --unroll-stmts 200000 \
  --output-split 0 --timescale 1ns/1ps --noassert --Mdir "$folder" rtl/mmu_pkg.sv "${rtl[@]}"

# Every port but the clock, as PORT(type, name) or PORTS(type, name, number).
sed -nE -e 's/^ *sc_(core::sc_)?(in|out)<(.*)> *&?([a-z0-9_]+);.*/PORT(\3, \4)/p' \
  -e 's/^ *sc_(core::sc_)?(in|out)<(.*)> *\(&([a-z0-9_]+)\)\[([0-9]+)\];.*/PORTS(\3, \4, \5)/p' "$folder/Vmmu.h" |
  grep -v ', clk_i)$' >"$folder/ports.inc"

include=$(verilator --getenv VERILATOR_ROOT)/include
for unit in "$folder"/Vmmu*.cpp "$include"/verilated.cpp "$include"/verilated_threads.cpp; do
  echo "#include \"$unit\""
done >"$folder/unit.cpp"
flags=(-std=gnu++17 -O1 -DVM_SC=1 -DVM_TRACE=0 -DVM_COVERAGE=0
  -isystem "$include" -isystem "$include/vltstd" -isystem "$folder")
${CXX:-g++} "${flags[@]}" -w -c -o "$folder/unit.o" "$folder/unit.cpp"
${CXX:-g++} "${flags[@]}" -Icsrc -Wall -Wextra -o "$folder/walk.new" csrc/systemc/walk.cpp "$folder/unit.o" \
  -lsystemc -lpthread
mv "$folder/walk.new" "$folder/walk"
