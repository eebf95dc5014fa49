#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# properties.sh: the claims of rtl/check/*.sv as a Markdown table: name, what it says (the comment before it), file, which
# bugs of the catalogue it stops first in some script of tests/bugs/ (as docs/bugs.md says).
# docs/properties.md is its output; a test compares them.
cd "$(dirname "$0")/.."
echo "# Properties of the RTL"
echo
echo "Bound to the RTL from outside and on in all tests (PAGEWALK_ASSERT=1). Written by \`scripts/properties.sh\`."
echo "Each has been seen to fire: on random inputs (\`scripts/fire.sh\`, \`make test TEST=bugs CASE=every_property_can_fail\`), and many on a bug"
echo "of the catalogue in a script of tests/bugs/, where the first to fire ends the run."
echo
echo "| property | says | file | bugs |"
echo "|---|---|---|---|"
for file in rtl/check/*.sv; do
  awk -v file="${file#rtl/check/}" '
    FILENAME == "docs/bugs.md" {  # its table of properties
      if ($2 ~ /^[A-Z][a-z]+[A-Z]/ && NF > 4) { bugs = $0; sub(/^[^|]*[|][^|]*[|] */, "", bugs); sub(/ *[|].*/, "", bugs); of[$2] = bugs }
      next
    }
    /^`ifdef YOSYS/ { proofs_only = 1 }
    /^`endif/ { proofs_only = 0 }
    proofs_only { next }
    /^ *\/\// { line = $0; sub(/^ *\/\/ */, "", line); text = continued ? text " " line : line; continued = 1; next }
    /^ *[A-Z][A-Za-z0-9]*: *(assert|$)/ || /^ *[A-Z][A-Za-z0-9]*:$/ {
      name = $1; sub(/:.*/, "", name); sub(/\. *$/, "", text)
      gsub(/\|/, "\\|", text)
      printf "| %s | %s | %s | %s |\n", name, text, file, of[name]
    }
    { if ($0 !~ /^ *\/\//) continued = 0 }' docs/bugs.md "$file"
done
