#!/bin/bash
# Runs agent_programs with the programs that Bazel has built beside this script.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[[ -d "$here/bench" && -e "$here/bench/agent_programs" ]] || here="$(cd "$0.runfiles/mosh_fleet" && pwd)"
export BENCH_MOSHD="$here/server/moshd"
export BENCH_SERVER="$here/server/mosh-server"
export BENCH_ECHO="$here/bench/fleet/echo_child"
export BENCH_AGENT="$here/mgmt/mosh-agent"
export BENCH_LOAD="$here/bench/agent_load"
exec "$here/bench/agent_programs" "$@"
