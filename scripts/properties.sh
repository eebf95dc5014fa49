#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# properties.sh: the claims of rtl/check/*.sv as a Markdown table: name, what it says (the comment before it), file.
# docs/properties.md is its output; a test compares them.
cd "$(dirname "$0")/.."
echo "# Properties of the RTL"
echo
echo "Bound to the RTL from outside and on in all tests (PAGEWALK_ASSERT=1). Written by \`scripts/properties.sh\`."
echo
echo "| property | says | file |"
echo "|---|---|---|"
for file in rtl/check/*.sv; do
  awk -v file="${file#rtl/check/}" '
    /^`ifdef YOSYS/ { proofs_only = 1 }
    /^`endif/ { proofs_only = 0 }
    proofs_only { next }
    /^ *\/\// { line = $0; sub(/^ *\/\/ */, "", line); text = continued ? text " " line : line; continued = 1; next }
    /^ *[A-Z][A-Za-z0-9]*: *(assert|$)/ || /^ *[A-Z][A-Za-z0-9]*:$/ {
      name = $1; sub(/:.*/, "", name); sub(/\. *$/, "", text)
      gsub(/\|/, "\\|", text)
      printf "| %s | %s | %s |\n", name, text, file
    }
    { if ($0 !~ /^ *\/\//) continued = 0 }' "$file"
done
