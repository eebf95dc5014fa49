#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# traces.sh [TOOL [FOLDER]]: records the traces that Pagewalk ships, with valgrind, from programs that this machine has, and
# writes their README. TOOL: build/pagewalk-trace, which converts them; FOLDER: tests/traces. Takes a few minutes.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd)
tool=$(realpath "${1:-$root/build/pagewalk-trace}")
folder=$(realpath -m "${2:-$root/tests/traces}")
references=2500000 # most references a trace

fail() { echo "traces: $*" >&2; exit 1; }
for program in valgrind gzip perl gcc xz awk; do
  command -v $program >/dev/null || fail "$program is missing: make setup, or apt-get install $program"
done
[ -x "$tool" ] || fail "$tool is missing: make it first"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
cd "$work"

# ---- what the programs work on ------------------------------------------------------------------------------------------
awk 'BEGIN { for (i = 0; i < 2600; i++) { x = (x * 1103515245 + 12345) % 2147483648
             printf "%d%s", x / 65536, i % 8 == 7 ? "\n" : " " } }' >numbers.txt
cat >tree.pl <<'PERL'
my ($x, %lists, $tree) = (1);
for (1 .. 150) {
  $x = ($x * 1103515245 + 12345) % 2147483648;
  push @{$lists{$x % 101}}, [$x];
  my $at = \$tree;
  $at = \$$at->[$x < $$at->[0] ? 1 : 2] while $$at;
  $$at = [$x];
}
sub depth { my $n = shift or return 0; my ($l, $r) = (depth($n->[1]), depth($n->[2])); 1 + ($l > $r ? $l : $r) }
my $sum = depth($tree);
for my $list (sort keys %lists) { $sum += $_->[0] for @{$lists{$list}} }
print "$sum\n";
PERL
cat >tree.c <<'C'
struct node { struct node *left, *right; int key; };
static int depth(const struct node *n) {
  if (!n) return 0;
  int l = depth(n->left), r = depth(n->right);
  return 1 + (l > r ? l : r);
}
struct node *insert(struct node *root, struct node *leaf) {
  struct node **at = &root;
  while (*at) at = leaf->key < (*at)->key ? &(*at)->left : &(*at)->right;
  *at = leaf;
  return root;
}
int main(int argc, char **argv) {
  struct node nodes[16] = {{0, 0, 0}}, *root = 0;
  for (int i = 0; i < 16; i++) { nodes[i].key = i * argc * 7 % 16; root = insert(root, &nodes[i]); }
  return depth(root) + (argv[0][0] == '/');
}
C
: >empty.txt; : >empty.pl; : >empty.c
cc1=$(gcc -print-prog-name=cc1)

# ---- recording ------------------------------------------------------------------------------------------------------------
# lackey COMMAND...: its trace on standard output. A bare environment, so that the stack lies the same everywhere.
lackey() {
  env -i LC_ALL=C PATH=/usr/bin:/bin PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0 \
    valgrind --tool=lackey --trace-mem=yes --child-silent-after-fork=yes --log-fd=9 "$@" 9>&1 1>/dev/null 2>/dev/null
}

# record NAME VERSION ABOUT EMPTY FULL COMMAND...: leaves out as many references as the command makes when the file FULL in
# it is replaced by EMPTY (start-up: dynamic linking, tables), and keeps the next ones.
record() {
  local name=$1 version=$2 about=$3 empty=$4 full=$5 skip
  shift 5
  echo "traces: $name: $*"
  skip=$(lackey "${@/#$full/$empty}" | "$tool" --count-only -)
  { lackey "$@" || true; } | "$tool" --skip "$skip" --count "$references" - "$name.pwt"
  xz -9e -k "$name.pwt"
  printf -- '- **%s**: %s. `%s`, %s; references %d and following.\n' \
    "$name.pwt.xz" "$about" "${*/#$cc1/cc1}" "$version" "$((skip + 1))" >>programs.md
}

record gzip "$(gzip --version | sed -n 1p)" \
  "streaming: input, window, hash heads and output are gone through in order" \
  empty.txt numbers.txt gzip -1 -c numbers.txt
record perl "perl $(perl -e 'printf "%vd", $^V')" \
  "pointer-heavy: an interpreter compiles its script and builds a search tree and a hash of lists" \
  empty.pl tree.pl perl tree.pl
record cc1 "$(gcc --version | sed -n 1p)" \
  "a compiler: much code, and a heap of trees and lists; its first passes over a small C file" \
  empty.c tree.c "$cc1" -quiet -O1 tree.c -o /dev/null

# ---- a piece of text in both text formats, for the tests --------------------------------------------------------------------
lackey gzip -1 -c numbers.txt >whole.txt
records=$(grep -nE '^(I | [LSM]) ' whole.txt)
first=${records%%:*} last=$(tail -n 1 <<<"$records" | cut -d: -f1)
middle=$(((first + last) / 2))
sed -n "1,$((first - 1))p; $middle,$((middle + 499))p; $((last + 1)),\$p" whole.txt | sed 's/^==[0-9]*==/==1000==/' >excerpt.lackey
awk '/^==/ { next } { split($2, at, ",") } $1 == "I" { print 2, at[1] } $1 == "L" || $1 == "M" { print 0, at[1] }
     $1 == "S" || $1 == "M" { print 1, at[1] }' excerpt.lackey >excerpt.din

# ---- what there is ------------------------------------------------------------------------------------------------------------
cat >README.md <<MARKDOWN
# Traces of real programs

Written by \`make traces\` (scripts/traces.sh); not by hand. Recorded with $(valgrind --version) (lackey) on
$(. /etc/os-release && echo "$PRETTY_NAME"), $(uname -m), in the binary format of docs/traces.md, compressed by xz.

$("$tool" --describe *.pwt.xz)

$(cat programs.md)

Left out at the start are as many references as the same command makes on an empty file; kept are the next
$references, or what there is. The files that the programs work on are in scripts/traces.sh. "Regions" counts what 32-bit and PAE
runs fold (docs/traces.md).

excerpt.lackey and excerpt.din are 500 records of the gzip run in both text formats, for the tests.
MARKDOWN
size=$(cat ./*.pwt.xz | wc -c)
[ "$size" -le 4000000 ] || fail "the traces take $size bytes together, more than 4,000,000"
mv ./*.pwt.xz excerpt.* README.md "$folder"
echo "traces: $(ls "$folder"/*.pwt.xz | wc -l) traces, $size bytes, in $folder"
