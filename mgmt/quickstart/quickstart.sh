#!/bin/bash
# From nothing to a fleet of two nodes on one machine: certificates, an etcd, two agents, sessions on both with clients on
# emulated networks, and moshctl over all of it. Everything lives in a folder of its own and ends with this script.
#
#   ./tools/bazel run //mgmt/quickstart                    # moshctl top; then a shell to try things in
#   ./tools/bazel run //mgmt/quickstart -- moshctl ls      # that command instead; its status is this one's
#
# As root it runs all of it as the user nobody, who sees none of the machine's own sessions.
set -euo pipefail

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

# What Bazel has built for it.
here="$(cd "$0.runfiles/mosh_fleet" && pwd)"

etcd="$(PATH="${MOSH_TEST_TOOLS:-/nonexistent}/usr/bin:$PATH" command -v etcd || true)"
[[ -n "$etcd" ]] || die "etcd is missing. Run this by ./tools/bazel run //mgmt/quickstart, which unpacks it, or: apt-get install etcd-server"
command -v openssl >/dev/null || die "openssl is missing: apt-get install openssl"

folder="$(mktemp -d /tmp/mosh-quickstart.XXXXXX)"
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/tls" "$folder/a" "$folder/b" "$folder/home"
# Copies, which everybody may read wherever Bazel keeps its results.
for program in mgmt/mosh-agent mgmt/moshctl client/mosh server/mosh-server; do
  install -m 755 "$here/$program" "$folder/bin/"
done
install -m 755 "$etcd" "$folder/bin/etcd"
install -m 755 "$here/mgmt/quickstart/fleet.sh" "$folder/fleet.sh"
chmod 755 "$folder"
chmod 700 "$folder/tls" "$folder/a" "$folder/b"

run=()
if [[ $EUID -eq 0 ]]; then
  say "running as nobody, not as root"
  chown -R nobody: "$folder"
  run=(setpriv --reuid nobody --regid nogroup --clear-groups)
fi
# Its own process group, all of which ends with it; in the foreground, so that it has the terminal.
exec 3>&2
"${run[@]}" env -i PATH="$folder/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="$folder/home" LANG=C.UTF-8 SHELL=/bin/bash \
  TERM="${TERM:-dumb}" QUICKSTART="$folder" "$folder/fleet.sh" "$@"
