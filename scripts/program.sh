#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# program.sh SOURCE.c FOLDER "COMPILE..." "LINK..." LIBRARY: compiles and links one C file to FOLDER/NAME, and to
# FOLDER/native/NAME for Linux. What is not there says so by the source's line: docs/programs.md, "Writing a program".
set -uo pipefail

source=$1 folder=$2 compile=$3 link=$4 library=$5

fail() {
  printf 'program: %s\n' "$@" >&2
  exit 1
}

usage='say which C file: make program SRC=mine.c'
[ -n "$source" ] || fail "$usage"
[[ $source == *.c ]] || fail "$source is no C file (its name must end in .c); $usage"
[ -e "$source" ] || fail "$source does not exist; $usage"
[ -f "$source" ] && [ -r "$source" ] || fail "$source can't be read; $usage"
name=$(basename "$source" .c)
[[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9_-]{0,30}$ ]] ||
  fail "$source: a program's name has up to 31 letters, digits, '_' and '-'; rename the file"
[ ! -e "firmware/user/$name.c" ] && [ ! -d "$folder/$name" ] ||
  fail "$source: there is a program '$name' already (make programs builds it); rename the file"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Where the object refers to one of these symbols: "file:line symbol", once for each line.
places() {  # extended regular expression
  objdump -dlr "$work/object.o" | awk -v symbols="^($1)\$" '
    /^[^ ].*:[0-9]+( \(discriminator [0-9]+\))?$/ { sub(/ \(disc.*/, ""); place = $0 }
    / R_386_(PC|PLT)?32\t/ { symbol = $NF; sub(/[-+]0x.*/, "", symbol)
                        if (symbol ~ symbols) print (place ? place : "?") " " symbol }' | sort -u -t: -k1,1 -k2,2n
}

if ! $compile -c -o "$work/object.o" "$source"; then
  fail "$source does not compile: see above" \
       "a program has integers, its own small C library and nothing else: docs/programs.md lists its headers"
fi

# What gcc calls where there are no floating-point instructions.
float=$(places '__(add|sub|mul|div|neg|eq|ne|lt|le|gt|ge|unord|cmp|fix|fixuns|float|floatun|extend|trunc|pow)[a-z]*[sdxt][fc][a-z]*[0-9]?')
if [ -n "$float" ]; then
  while read -r place symbol; do echo "$place: floating point" >&2; done <<<"$float"
  fail "$source uses floating point, which the core has not: use integers (cents for euros, thousandths for fractions)"
fi

mkdir -p "$folder/native"
if ! $link -o "$work/program" "$work/object.o" "$library" -lgcc 2>"$work/messages"; then
  missing=$(grep -o "undefined reference to \`[^']*'" "$work/messages" | sed "s/.*\`//; s/'//" | sort -u)
  if [ -z "$missing" ]; then
    cat "$work/messages" >&2
    fail "$source does not link: see above"
  fi
  [ "$missing" = main ] && fail "$source has no main, where a program begins: int main(int argc, char** argv)"
  for symbol in $missing; do
    found=$(places "$symbol")
    while read -r place _; do echo "$place: there is no $symbol" >&2; done <<<"${found:-$source}"
  done
  fail "$source needs what the library of programs has not; docs/programs.md lists what there is"
fi

mv "$work/program" "$folder/$name" &&
  $link -Wl,-Ttext-segment=0x8048000 -o "$folder/native/$name" "$work/object.o" "$library" -lgcc || exit 1
[ "$folder" = build/programs ] && run=$name || run=$folder/$name
cat <<END
$folder/$name is ready. Run it:
  build/pagewalk run --program $run
  $folder/native/$name                 the same on this computer
END
