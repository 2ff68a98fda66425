#!/bin/bash
# What quickstart.sh starts, as the user it chose, with QUICKSTART as the folder for everything: programs are in bin/.
set -euo pipefail
cd "$QUICKSTART"

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

pids=()
finish() {
  say "ending everything"
  # Sessions first, while there is somebody to end them.
  timeout 10 moshctl kill --force $(timeout 10 moshctl ls -o json 2>/dev/null | grep -oE 'nodes/[a-z-]+/sessions/[a-z0-9]+' | sort -u) >/dev/null 2>&1 || true
  [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
}
trap finish EXIT

# Until a command succeeds, ten seconds at most.
wait_for() {
  local what="$1"
  shift
  for _ in $(seq 100); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  tail -n 5 ./*.log >&2
  die "waited in vain for $what; the logs' last lines are above"
}

accepts() { (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); do accepts "$port" || { echo "$port"; return; }; done
}

certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=quickstart authority" \
    -keyout tls/ca.key -out tls/ca.crt 2>/dev/null
  local name
  for name in etcd agent-a agent-b operator; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "tls/$name.key" -out "tls/$name.csr" 2>/dev/null
    # Good for both ends of a connection: agents and etcd call and are called.
    openssl x509 -req -in "tls/$name.csr" -CA tls/ca.crt -CAkey tls/ca.key -CAcreateserial -days 2 \
      -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "tls/$name.crt" 2>/dev/null
  done
}

start_etcd() {
  local peer
  etcd_port="$(free_port)"
  peer="$(free_port)"
  bin/etcd --name quickstart --data-dir etcd --logger zap \
    --listen-client-urls "https://127.0.0.1:$etcd_port" --advertise-client-urls "https://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "quickstart=http://127.0.0.1:$peer" \
    --cert-file tls/etcd.crt --key-file tls/etcd.key --trusted-ca-file tls/ca.crt --client-cert-auth >etcd.log 2>&1 &
  pids+=($!)
  wait_for "etcd" accepts "$etcd_port"
}

# node-a or node-b. Each has a runtime directory of its own, in which it finds its sessions.
start_agent() {
  local port
  port="$(free_port)"
  XDG_RUNTIME_DIR="$QUICKSTART/$1" mosh-agent --node "node-$1" --listen "127.0.0.1:$port" --advertise "127.0.0.1:$port" \
    --tls-cert "tls/agent-$1.crt" --tls-key "tls/agent-$1.key" --tls-ca tls/ca.crt \
    --etcd "127.0.0.1:$etcd_port" --etcd-ca tls/ca.crt --etcd-cert "tls/agent-$1.crt" --etcd-key "tls/agent-$1.key" \
    --label "rack=$1" --policy policy.json --audit-log "audit-$1.jsonl" --recordings "recordings-$1" >"agent-$1.log" 2>&1 &
  pids+=($!)
  wait_for "the agent of node-$1" accepts "$port"
}

# On node $1, a session behind the emulated network $2 that runs the rest. A client needs a terminal, and input that doesn't end: a
# pipe that we could write to, and don't.
mkfifo idle
exec 8<>idle
start_session() {
  local node="$1" net="$2"
  shift 2
  XDG_RUNTIME_DIR="$QUICKSTART/$node" TERM=xterm-256color \
    script -qfec "mosh --here --net=$net -- $*" /dev/null <&8 >/dev/null 2>>sessions.log &
  pids+=($!)
}

sessions_are() { [[ "$(moshctl ls -o json 2>/dev/null | grep -c '"session_id"')" -ge "$1" ]]; }

say "certificates: an authority, two agents, etcd, an operator (tls/)"
certificates
say "etcd, with TLS both ways"
start_etcd
say "two agents: node-a and node-b"
cat >policy.json <<POLICY
{
  "grants": [
    {"to": ["cert:CN=operator"], "roles": ["admin"]},
    {"to": ["cert:CN=agent-a", "cert:CN=agent-b"], "roles": ["agent"]}
  ]
}
POLICY
chmod 600 policy.json
start_agent a
start_agent b
mkdir -p home/.config/moshctl
cat >home/.config/moshctl/config.yaml <<CONFIG
current-context: quickstart
contexts:
  - name: quickstart
    etcd: ["127.0.0.1:$etcd_port"]
    etcd-tls: {ca: $QUICKSTART/tls/ca.crt, cert: $QUICKSTART/tls/operator.crt, key: $QUICKSTART/tls/operator.key}
    tls: {ca: $QUICKSTART/tls/ca.crt, cert: $QUICKSTART/tls/operator.crt, key: $QUICKSTART/tls/operator.key}
CONFIG
wait_for "both nodes in etcd" bash -c 'moshctl nodes -o json | grep -q nodes/node-b && moshctl nodes -o json | grep -q nodes/node-a'
say "two sessions on each, their clients on emulated networks"
start_session a clean 'sh -c "while date; do sleep 1; done"'
start_session a train 'sh -c "while cat /proc/uptime; do sleep 2; done"'
start_session b ev-do 'sh -c "while date; do sleep 1; done"'
start_session b lossy 'sh -c "while cat /proc/loadavg; do sleep 1; done"'
wait_for "the sessions" sessions_are 4

if [[ $# -gt 0 ]]; then
  status=0
  "$@" || status=$?
  exit "$status"
fi
say "moshctl nodes"
moshctl nodes
say "moshctl ls"
moshctl ls
if [[ -t 0 && -t 1 ]]; then
  say "moshctl top: q ends it"
  moshctl top || true
  cat >&2 <<'TEXT'

This shell has the fleet as long as it lasts. For example:

  moshctl describe ID
  moshctl screen ID
  moshctl notify --all -m 'Hello.' --dry-run
  moshctl drain node-a --grace 30s -m 'Just trying.'
  moshctl kill ID
  moshctl top

exit ends everything.

TEXT
  PS1='quickstart$ ' bash --norc -i || true
fi
