#!/bin/bash
# The dashboard and the alerts name only metrics that the agent has, and bounds of its histograms.
#
#   metric_names_test.sh METRICS_SOURCE FILE...
set -euo pipefail
source="$1"
shift
failed=0
for file in "$@"; do
  names="$(grep -ohE '\b(mosh|process)_[a-z_]+' "$file" | sed -E 's/_(bucket|count|sum)$//' | sort -u)"
  [[ -n "$names" ]] || { echo "$file names no metric"; failed=1; }
  for name in $names; do
    grep -qF "\"$name\"" "$source" || { echo "$file: the agent has no metric $name"; failed=1; }
  done
  for bound in $(grep -ohE '\ble=\\?"[0-9.]+' "$file" | sed -E 's/.*"//' | sort -u); do
    grep -E 'Buckets = ' "$source" | grep -qE "[{ ]${bound//./\\.}[,}]" ||
      { echo "$file: no histogram of the agent has the bound $bound"; failed=1; }
  done
done
exit "$failed"
