#!/bin/bash
# Runs typing_programs with the programs that Bazel has built beside this script, where the caller stands.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[[ -d "$here/bench" && -e "$here/bench/typing_app" ]] || here="$(cd "$0.runfiles/mosh_fleet" && pwd)"
export BENCH_TYPING_APP="$here/bench/typing_app"
export E2E_OUR_CLIENT="$here/client/mosh"
export E2E_OUR_SERVER="$here/server/mosh-server"
cd "${BUILD_WORKING_DIRECTORY:-.}"
exec "$here/bench/typing_programs" "$@"
