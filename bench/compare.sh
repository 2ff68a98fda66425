#!/bin/bash
# Runs compare_programs with the programs that Bazel has built beside this script.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[[ -d "$here/bench" && -e "$here/bench/workload" ]] || here="$0.runfiles/mosh_fleet"
export BENCH_WORKLOAD="$here/bench/workload"
export E2E_OUR_CLIENT="$here/client/mosh"
export E2E_OUR_SERVER="$here/server/mosh-server"
export E2E_RELAY="$here/netem/relay/netem-relay"
exec "$here/bench/compare_programs" "$@"
