# SPDX-License-Identifier: MIT
# awk -v out=FOLDER -f coverage_rtl.awk REASONS DATA: Verilator's coverage by source file. Two kinds of points, each of
# which counts once in whatever instance and machine it is reached: blocks (a run of statements, a way that a branch
# goes; of an `if` without `else` also the way past it) and bits of signals, reached if they ever change.
# Writes into FOLDER: table, a row a file and one for all; never, a line for each block never reached, and each signal of
# which no bit ever changed, that REASONS does not explain; needless, the reasons for what is reached.
#
# A record of DATA is C 'KEY<2>VALUE<1>KEY<2>VALUE...' COUNT; f file, l line, n column, page kind/module, o what.
BEGIN {
  FS = "\001"
  printf "" >(out "/table")
  printf "" >(out "/never")
  printf "" >(out "/needless")
}

FNR == NR {
  if ($0 !~ /^#/ && (at = index($0, " => "))) reason[substr($0, 1, at - 1)] = 1
  next
}

/^C / {
  for (i = 2; i <= NF; i++) {
    at = index($i, "\002")
    value[substr($i, 1, at - 1)] = substr($i, at + 1)
  }
  match($0, /[0-9]+$/)
  count = substr($0, RSTART) + 0
  file = value["f"]
  sub(/.*\//, "", file)
  path[file] = value["f"]
  kind = value["page"] ~ /^v_toggle/ ? "bit" : "block"
  point = kind SUBSEP file SUBSEP value["l"] SUBSEP value["n"] SUBSEP value["o"]
  if (!(point in counted)) all[kind, file]++
  if (!counted[point] && count) hit[kind, file]++
  counted[point] += count
  if (kind == "block") next
  signal = value["o"]
  sub(/[[.].*/, "", signal)
  changes[file SUBSEP value["l"] SUBSEP signal] += count
}

function percent(part, whole) { return whole ? sprintf("%.1f", 100 * part / whole) : "" }

function row(name, blocks, blocks_hit, bits, bits_hit) {
  printf "| %s | %d | %d | %s | %d | %d | %s |\n", name, blocks, blocks_hit, percent(blocks_hit, blocks), bits,
    bits_hit, percent(bits_hit, bits) >(out "/table")
}

function text_of(file, line,   n, text) {
  if (!(file in loaded)) {
    for (n = 1; (getline text <path[file]) > 0; n++) source[file, n] = text
    loaded[file] = 1
  }
  text = source[file, line]
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

function unreached(file, line, what) {
  needed[file ": " what] = 1
  if (!((file ": " what) in reason)) printf "%s:%d: %s\n", file, line, what >(out "/never")
}

END {
  for (point in counted) {
    if (counted[point]) continue
    split(point, part, SUBSEP)
    if (part[1] == "bit") continue
    unreached(part[2], part[3], (part[5] == "else" ? "past: " : "") text_of(part[2], part[3]))
  }
  for (point in changes) {
    if (changes[point]) continue
    split(point, part, SUBSEP)
    unreached(part[1], part[2], "signal " part[3])
  }
  for (what in reason)
    if (!(what in needed)) print what >(out "/needless")
  for (file in path) {
    row(file, all["block", file], hit["block", file], all["bit", file], hit["bit", file])
    blocks += all["block", file]
    blocks_hit += hit["block", file]
    bits += all["bit", file]
    bits_hit += hit["bit", file]
  }
  row("~all", blocks, blocks_hit, bits, bits_hit)
}
