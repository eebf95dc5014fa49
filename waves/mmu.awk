# SPDX-License-Identifier: MIT
# Makes GTKWave's save file and word lists, for scripts/waves.sh:
#   awk -v out=DIRECTORY -v fst=NAME -f mmu.awk DECLARATIONS waves/mmu.rows
# DECLARATIONS are the waveform's, as `fst2vcd -e` gives them; waves/mmu.rows explains itself.

function die(text) {
  printf "waves: %s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
  failed = 1
  exit 1
}

# ---- the waveform's signals and enums ------------------------------------------------------------------------------

FNR == NR && $1 == "$scope" { path[++depth] = $3 }
FNR == NR && $1 == "$upscope" { depth-- }
FNR == NR && $1 == "$attrbegin" && $3 == "07" && $4 != "\"\"" {
  count = $5
  values[$4] = count
  for (i = 1; i <= count; i++) {
    literal[$4, i] = $(5 + i)
    number_of[$4, $(5 + i)] = binary($(5 + count + i))
    bits[$4] = length($(5 + count + i))
  }
}
FNR == NR && $1 == "$var" {
  name = $5
  for (i = depth; i > 0; i--) name = path[i] "." name
  range[name] = $6 == "$end" ? "" : $6
  there[name] = 1
}
FNR == NR { next }

# ---- word lists ----------------------------------------------------------------------------------------------------

function binary(text,    n, i) {
  for (i = 1; i <= length(text); i++) n = n * 2 + substr(text, i, 1)
  return n + 0
}

function power(n,    p) {
  for (p = 1; n > 0; n--) p *= 2
  return p
}

function word(text) {
  gsub(/_/, " ", text)
  return text
}

# NAME TYPE... [gated[:ENUM=VALUE]]: words. Sets head (before the colon, split) and item (after it, split); gates, the
# number of bits that are asked first, and open, the value that they must have.
function definition(    at) {
  at = index($0, ":" " ")
  if (!at) die("a colon and words are missing")
  heads = split(substr($0, 1, at - 1), head, " ")
  count = split(substr($0, at + 2), item, " ")
  gates = 0
  if (head[heads] == "gated") {
    gates = 1
    open = 1
  } else if (match(head[heads], /^gated:/)) {
    split(substr(head[heads], 7), gate, "=")
    if (!((gate[1], gate[2]) in number_of)) die("the waveform has no enum value " gate[1] "::" gate[2])
    gates = bits[gate[1]]
    open = number_of[gate[1], gate[2]]
  }
  list = head[2]
  known[list] = 1
  file = out "/" list ".txt"
  printf "# SPDX-License-Identifier: MIT\n# Made by scripts/waves.sh from waves/mmu.rows.\n" > file
}

# GTKWave shows hexadecimal numbers in capitals, with as many digits as the bits fill.
function write_words(width,    g, n, digits) {
  digits = int((width + gates + 3) / 4)
  for (g = 0; g < power(gates); g++) {
    for (n = 0; n < power(width); n++) {
      if (gates && g != open)
        printf "%0" digits "X -\n", g * power(width) + n > file
      else if (n in text)
        printf "%0" digits "X %s\n", g * power(width) + n, text[n] > file
    }
  }
  listed[list] = width + gates
  close(file)
}

function clear() { for (n in text) delete text[n] }

$1 == "words" {
  definition()
  clear()
  enumeration = head[3]
  if (!(enumeration in values)) die("the waveform has no enum " enumeration)
  for (i = 1; i <= count; i++) {
    at = index(item[i], "=")
    given[substr(item[i], 1, at - 1)] = word(substr(item[i], at + 1))
  }
  for (i = 1; i <= values[enumeration]; i++) {
    if (!(literal[enumeration, i] in given)) die(enumeration "::" literal[enumeration, i] " has no word")
    text[number_of[enumeration, literal[enumeration, i]]] = given[literal[enumeration, i]]
  }
  if (count != values[enumeration]) die(enumeration " has " values[enumeration] " values, not " count)
  for (n in given) delete given[n]
  write_words(bits[enumeration])
}

$1 == "codes" {
  definition()
  clear()
  for (n = 0; n < power(head[3]); n++) text[n] = word(head[4])
  for (i = 1; i <= count; i++) {
    at = index(item[i], "=")
    text[substr(item[i], 1, at - 1) + 0] = word(substr(item[i], at + 1))
  }
  write_words(head[3])
}

$1 == "flags" {
  definition()
  clear()
  for (n = 0; n < power(count); n++) {
    rest = n
    text[n] = ""
    for (i = 1; i <= count; i++) {
      choices = split(item[i], choice, "/")
      set = rest % 2
      rest = int(rest / 2)
      part = set ? choice[choices] : (choices > 1 ? choice[1] : "")
      stop = !set && part ~ /!$/
      sub(/!$/, "", part)
      if (part != "") text[n] = text[n] (text[n] == "" ? "" : " ") part
      if (stop) break
    }
    if (text[n] == "") text[n] = head[3]
  }
  write_words(count)
}

# ---- rows ----------------------------------------------------------------------------------------------------------

function close_group() {
  if (group != "") rows = rows "@1000200\n-" group "\n"
}

# The bits that LIST names, of a signal whose range is [HIGH:LOW], in GTKWave's way: counted from the highest.
function slice(signal, list, span,    parts, part, ends, high, i, b, made) {
  split(substr(span, 2), ends, ":")
  high = ends[1] + 0
  parts = split(list, part, ",")
  for (i = 1; i <= parts; i++) {
    if (split(part[i], ends, ":") == 1) ends[2] = ends[1]
    for (b = ends[1] + 0; b >= ends[2] + 0; b--) {
      made = made " (" (high - b) ")" signal
      width++
    }
  }
  return made
}

function bits_of(span,    ends) {
  if (span == "") return 1
  split(substr(span, 2), ends, ":")
  return ends[1] - ends[2] + 1
}

$1 == "scope" { scope = $2 "." }
$1 == "view" { first = $2; last = $3; marker = $4 }

$1 == "group" {
  close_group()
  colour = $NF
  group = $0
  sub(/^group +/, "", group)
  sub(/ +[0-9]+$/, "", group)
  rows = rows "@800200\n-" group "\n"
}

$1 == "row" {
  if (split(substr($0, 5), field, / *[|] */) != 3) die("a row is: row NAME | FORMAT | SIGNALS")
  flags = field[2] == "bit" ? "28" : field[2] == "hex" ? "22" : field[2] == "dec" ? "24" : "2022"
  signals = split(field[3], signal, " ")
  width = 0
  bundle = ""
  for (i = 1; i <= signals; i++) {
    name = signal[i]
    taken = ""
    if (match(name, /\{[0-9,:]+\}$/)) {
      taken = substr(name, RSTART + 1, RLENGTH - 2)
      name = substr(name, 1, RSTART - 1)
    }
    name = scope name
    if (!(name in there)) die("row '" field[1] "': the waveform " fst " has no signal " name)
    span = range[name]
    # In a row of words always: GTKWave does not translate whole signals that bring words of their own.
    if (taken == "" && span != "" && (signals > 1 || flags == "2022")) taken = substr(span, 2, length(span) - 2)
    if (taken == "") width += bits_of(span)
    bundle = bundle (taken == "" ? " " name span : slice(name span, taken, span))
    whole = signals == 1 && taken == ""
  }
  if (flags == "2022") {
    if (!(field[2] in known)) die("row '" field[1] "': there is no word list " field[2])
    if (width != listed[field[2]]) die("row '" field[1] "' has " width " bits, its words are for " listed[field[2]])
    if (!(field[2] in number)) number[field[2]] = ++lists
  }
  rows = rows "@" flags "\n"
  if (colour) rows = rows "[color] " colour "\n"
  if (flags == "2022") rows = rows "^" number[field[2]] " waves/" field[2] ".txt\n"
  rows = rows (whole ? "+{" field[1] "}" : "#{" field[1] "}") bundle "\n"
}

# ---- the save file -------------------------------------------------------------------------------------------------

END {
  if (failed) exit 1
  close_group()
  file = out "/mmu.gtkw"
  pixels = 1090  # of the waves, in a window of this size
  printf "[*] SPDX-License-Identifier: MIT\n[*] Made by scripts/waves.sh from waves/mmu.rows.\n" > file
  printf "[timestart] %d\n[size] 1500 1100\n[pos] -1 -1\n", first > file
  # GTKWave's zoom is a power of two: 0 are 200 pixels a cycle.
  printf "*%.6f %d", -log(200 * (last - first) / pixels) / log(2), marker > file
  for (i = 0; i < 26; i++) printf " -1" > file
  printf "\n[sst_width] 100\n[signals_width] 280\n[sst_expanded] 0\n" > file
  printf "%s[pattern_trace] 1\n[pattern_trace] 0\n", rows > file
}
