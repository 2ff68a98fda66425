"""mosh-agent end to end: real sessions by our server and client, seen and steered by a generic client of its API."""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request
from random import Random

import grpc

import machine
from machine import Agent, Authority, Session, User, wait_for
from reflection import Api

FLEET = "mosh.fleet.v1.FleetService"
ROLES = {
    "viewer": {"GetNode", "ListSessions", "GetSession"},
    "operator": {"GetNode", "ListSessions", "GetSession", "NotifySessions", "HoldSession", "DetachClient", "TerminateSession"},
    "recorder": {"GetNode", "ListSessions", "GetSession", "GetScreen", "StreamScreen"},
    "admin": {"GetNode", "ListSessions", "GetSession", "NotifySessions", "HoldSession", "DetachClient", "TerminateSession",
              "GetScreen", "StreamScreen", "TailAudit"},
}


# So that one channel's failures to connect don't keep the next one waiting.
OWN = (("grpc.use_local_subchannel_pool", 1),)


def local_api(agent, uid=0):
    """The API as that user sees it. gRPC connects on a thread of its own, which has this process's user; so the connection goes through a
    socket of a small relay that has the other's."""
    if uid == 0:
        return Api(grpc.insecure_channel("unix:" + agent.socket, OWN))
    path = "%s.%d.%d" % (agent.socket, uid, len(os.listdir(os.path.dirname(agent.socket))))
    relay = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay.py"), path, agent.socket, str(uid)])
    wait_for("the relay", lambda: os.path.exists(path))
    api = Api(grpc.insecure_channel("unix:" + path, OWN))
    api.relay = relay
    return api


class Watcher:
    """Follows a watch on a thread, with its sessions as they are."""

    def __init__(self, api, known=(), **fields):
        self.api, self.sessions, self.synced, self.error = api, dict(known), threading.Event(), None
        self.version = ""
        self.unreachable = None
        self.call = api.call(FLEET, "WatchSessions", timeout=None, **{"parent": "nodes/-", **fields})
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            for response in self.call:
                if response.HasField("unreachable"):
                    self.unreachable = list(response.unreachable.names)
                for event in response.events:
                    self.version = event.resource_version or self.version
                    name = event.session.name
                    if event.type in (1, 2):
                        self.sessions[name] = event.session
                    elif event.type == 3:
                        self.sessions.pop(name, None)
                    elif event.type == 4:
                        self.synced.set()
        except grpc.RpcError as error:
            self.error = error


class AgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(dir="/run")
        os.chmod(cls.directory, 0o755)
        cls.alice, cls.bob = User(1, "daemon"), User(65534, "nobody")

    def setUp(self):
        self.things = []

    def tearDown(self):
        for thing in reversed(self.things):
            thing()

    def agent(self, *arguments, **kwargs):
        directory = tempfile.mkdtemp(dir=self.directory)
        os.chmod(directory, 0o755)
        agent = Agent(directory, *arguments, **kwargs)
        self.things.append(agent.close)
        return agent

    def session(self, user, **kwargs):
        session = Session(user, **kwargs)
        self.things.append(session.close)
        return session

    def api(self, agent, uid=0):
        api = local_api(agent, uid)
        self.things.append(api.channel.close)
        if uid != 0:
            self.things.append(api.relay.wait)
            self.things.append(api.relay.kill)
        return api

    def sessions(self, api, count, **fields):
        """Waits until so many are there and attached."""
        def look():
            found = list(api.call(FLEET, "ListSessions", parent="nodes/-", **fields).sessions)
            return found if len(found) == count and all(s.clients for s in found) else None
        return wait_for("%d sessions" % count, look)

    def refused(self, api, method, **fields):
        """"NOT_FOUND SESSION_NOT_FOUND" """
        with self.assertRaises(grpc.RpcError) as caught:
            result = api.call(FLEET, method, **fields)
            if hasattr(result, "cancel"):
                next(iter(result))
        return "%s %s" % (caught.exception.code().name, api.error_info(caught.exception)[0])

    def sees_connections(self, api):
        """By channelz."""
        try:
            self.assertGreater(len(api.call("grpc.channelz.v1.Channelz", "GetServers").server), 0)
            return True
        except grpc.RpcError as error:
            self.assertEqual(error.code(), grpc.StatusCode.PERMISSION_DENIED)
            return False

    def end_all(self, api):
        for session in api.call(FLEET, "ListSessions", parent="nodes/-").sessions:
            api.call(FLEET, "TerminateSession", name=session.name, force=True)
        wait_for("the end of all", lambda: not api.call(FLEET, "ListSessions", parent="nodes/-").sessions)

    # ----

    def test_a_generic_client_sees_and_steers_sessions(self):
        agent = self.agent("--audit-log", self.directory + "/generic.jsonl", "--node", "n1")
        root = self.api(agent)
        self.assertIn(FLEET, root.services())
        self.assertIn("grpc.health.v1.Health", root.services())
        stock = stock_client()
        a, b = self.session(self.alice), self.session(self.bob, client=stock)
        found = self.sessions(root, 2)
        protocols = {s.user: s.clients[0].protocol for s in found}
        self.assertEqual(protocols, {"daemon": "mosh-fleet", "nobody": "stock"})
        self.assertEqual({s.user for s in found}, {"daemon", "nobody"})
        mine = next(s for s in found if s.user == "daemon")
        self.assertTrue(mine.name.startswith("nodes/n1/sessions/"))
        self.assertEqual(list(mine.command), ["/bin/cat"])
        self.assertFalse(mine.HasField("usage"))

        a.type("hello there\r")
        wait_for("the text", lambda: "hello there" in "".join(root.call(FLEET, "GetScreen", name=mine.name, reason="a test").lines))
        whole = root.call(FLEET, "GetSession", name=mine.name)
        self.assertGreater(whole.usage.memory_bytes, 0)
        self.assertGreater(whole.clients[0].datagrams_received, 0)
        self.assertTrue(whole.clients[0].HasField("srtt"))
        node = root.call(FLEET, "GetNode", name="nodes/-")
        self.assertEqual((node.session_count, len(node.hosts)), (2, 2))

        told = root.call(FLEET, "NotifySessions", parent="nodes/-", filter="*", text="maintenance soon")
        self.assertEqual((told.notified_count, list(told.failed)), (2, []))
        wait_for("the notice", lambda: a.shows("maintenance soon") and b.shows("maintenance soon"))
        root.call(FLEET, "DetachClient", name=mine.name)
        wait_for("the client's end", lambda: a.clients[0][0].poll() is not None)
        wait_for("DETACHED", lambda: root.call(FLEET, "GetSession", name=mine.name).state == 3)
        stale = whole.etag
        self.assertEqual(self.refused(root, "TerminateSession", name=mine.name, etag=stale), "ABORTED ETAG_MISMATCH")
        root.call(FLEET, "TerminateSession", name=mine.name, request_id="1", reason="a test")
        root.call(FLEET, "TerminateSession", name=mine.name, request_id="1", reason="a test")
        self.sessions(root, 1)
        entries = list(root.call(FLEET, "TailAudit", parent="nodes/-"))
        terminations = [e for e in entries if e.method.endswith("TerminateSession")]
        self.assertEqual([e.code for e in terminations], [10, 0, 0])
        self.assertEqual(terminations[1].reason, "a test")
        self.assertEqual(terminations[1].caller, "local:root(0)")
        self.end_all(root)

    def test_users_see_and_steer_their_own(self):
        agent = self.agent("--audit-log", self.directory + "/users.jsonl")
        a, b = self.session(self.alice), self.session(self.bob)
        root = self.api(agent)
        self.sessions(root, 2)
        alice = self.api(agent, self.alice.uid)
        own = self.sessions(alice, 1)[0]
        self.assertEqual(own.uid, self.alice.uid)
        other = next(s.name for s in self.sessions(root, 2) if s.uid == self.bob.uid)
        for method in ("GetSession", "GetScreen", "StreamScreen", "TerminateSession", "DetachClient", "HoldSession", "CreateAttachTicket"):
            self.assertEqual(self.refused(alice, method, name=other), "NOT_FOUND SESSION_NOT_FOUND", method)
        told = alice.call(FLEET, "NotifySessions", parent="nodes/-", filter="*", text="to myself")
        self.assertEqual(told.notified_count, 1)
        self.assertEqual(self.refused(alice, "TailAudit", parent="nodes/-"), "PERMISSION_DENIED PERMISSION_DENIED")
        self.assertEqual(self.refused(root, "CreateAttachTicket", name=own.name), "PERMISSION_DENIED NOT_OWNER")
        ticket = alice.call(FLEET, "CreateAttachTicket", name=own.name, request_id="t")
        a.attach(ticket.port, ticket.key)
        wait_for("two clients", lambda: len(alice.call(FLEET, "GetSession", name=own.name).clients) == 2)
        self.assertEqual(self.refused(alice, "CreateAttachTicket", name=own.name, request_id="t"), "ALREADY_EXISTS REQUEST_ID_REUSED")
        # What is refused is on record, and the key isn't.
        log = machine.read(self.directory + "/users.jsonl").decode()
        self.assertIn("hidden from the caller", log)
        self.assertNotIn(ticket.key, log)
        # The agent's own connections are root's business.
        self.assertEqual((self.sees_connections(root), self.sees_connections(alice)), (True, False))
        self.end_all(root)

    def test_watchers_converge_whatever_is_killed(self):
        agent = self.agent()
        root = self.api(agent)
        a, b = self.session(self.alice), self.session(self.bob)
        self.sessions(root, 2)
        watcher = Watcher(root)
        self.assertTrue(watcher.synced.wait(machine.DEADLINE))
        self.assertEqual(len(watcher.sessions), 2)
        c = self.session(self.alice)
        wait_for("three", lambda: len(watcher.sessions) == 3)
        # A Host that is killed takes its sessions with it.
        victim = next(s for s in watcher.sessions.values() if s.uid == self.bob.uid)
        os.kill(victim.host_pid, signal.SIGKILL)
        wait_for("two", lambda: len(watcher.sessions) == 2)
        self.assertNotIn(victim.name, watcher.sessions)
        # An agent that is stopped says where to go on, and another one that it can't be gone on from there.
        # gRPC's own health service doesn't describe itself; this is HealthCheckResponse{status: SERVING}.
        check = root.channel.unary_unary("/grpc.health.v1.Health/Check")
        self.assertEqual(check(b"", timeout=machine.DEADLINE), b"\x08\x01")
        self.assertEqual(agent.stop(), 0)
        watcher.thread.join(machine.DEADLINE)
        self.assertEqual(watcher.error.code(), grpc.StatusCode.UNAVAILABLE)
        reason, metadata = root.error_info(watcher.error)
        self.assertEqual(reason, "AGENT_STOPPING")
        self.assertEqual(metadata["resource_version"], watcher.version)
        second = self.agent()
        api = self.api(second)
        self.assertEqual(self.refused(api, "WatchSessions", parent="nodes/-", resourceVersion=watcher.version), "OUT_OF_RANGE VERSION_TOO_OLD")
        again = Watcher(api)
        self.assertTrue(again.synced.wait(machine.DEADLINE))
        self.assertEqual(set(s.rsplit("/", 1)[1] for s in again.sessions), set(s.rsplit("/", 1)[1] for s in watcher.sessions))
        # One that is killed tells nothing, and leaves a socket that doesn't keep the next from starting.
        second.stop(signal.SIGKILL)
        again.thread.join(machine.DEADLINE)
        self.assertEqual(again.error.code(), grpc.StatusCode.UNAVAILABLE)
        third = Agent(os.path.dirname(second.socket))
        self.things.append(third.close)
        self.sessions(self.api(third), 2)
        # A watch goes on where it was left while the agent lives.
        api = self.api(third)
        first = Watcher(api)
        self.assertTrue(first.synced.wait(machine.DEADLINE))
        first.call.cancel()
        first.thread.join(machine.DEADLINE)
        self.end_all(api)
        resumed = Watcher(api, first.sessions, resourceVersion=first.version)
        wait_for("none", lambda: not resumed.sessions)
        self.assertFalse(resumed.synced.is_set())
        resumed.call.cancel()

    def test_screens_and_holds(self):
        agent = self.agent("--audit-log", self.directory + "/screens.jsonl")
        root = self.api(agent)
        a = self.session(self.alice)
        name = self.sessions(root, 1)[0].name
        frames = queue.Queue()
        call = root.call(FLEET, "StreamScreen", name=name, timeout=None)

        def read():
            try:
                for frame in call:
                    frames.put(frame.ansi)
            except grpc.RpcError as error:
                frames.put(error)

        threading.Thread(target=read, daemon=True).start()
        shown = b""
        first = frames.get(timeout=machine.DEADLINE)
        shown += first
        a.type("seen live\r")
        while b"seen live" not in shown:
            shown += frames.get(timeout=machine.DEADLINE)
        self.assertEqual(list(root.call(FLEET, "GetSession", name=name).watchers), ["root"])
        held = root.call(FLEET, "HoldSession", name=name, hold=True, reason="call the desk")
        self.assertTrue(held.held)
        wait_for("the reason", lambda: a.shows("call the desk"))
        self.assertFalse(root.call(FLEET, "HoldSession", name=name, hold=False).held)
        cells = root.call(FLEET, "GetScreen", name=name, format="CELLS")
        self.assertIn("seen live", "".join(run.text for row in cells.rows for run in row.runs))
        root.call(FLEET, "TerminateSession", name=name, force=True)
        while not isinstance(first, grpc.RpcError):
            first = frames.get(timeout=machine.DEADLINE)
        self.assertEqual("%s %s" % (first.code().name, root.error_info(first)[0]), "NOT_FOUND SESSION_NOT_FOUND")
        details = [e.detail for e in root.call(FLEET, "TailAudit", parent="nodes/-") if e.method.endswith("StreamScreen")]
        self.assertEqual(details[0], "begins")
        self.assertIn("ended after", details[1])

    def test_certificates_and_roles(self):
        certificates = tempfile.mkdtemp(dir=self.directory)
        authority = Authority(certificates)
        server_crt, server_key = authority.issue("agent", san="IP:127.0.0.1")
        policy = os.path.join(certificates, "policy.json")
        with open(policy, "w") as file:
            json.dump({"grants": [{"to": ["cert:CN=" + role], "roles": [role]} for role in ROLES]}, file)
        agent = self.agent("--listen", "127.0.0.1:0", "--tls-cert", server_crt, "--tls-key", server_key, "--tls-ca", authority.crt,
                           "--tls-crl", authority.crl, "--policy", policy, "--audit-log", self.directory + "/tls.jsonl")
        target = "127.0.0.1:%d" % agent.port()

        def connect(crt, key):
            credentials = grpc.ssl_channel_credentials(machine.read(authority.crt), key and machine.read(key), crt and machine.read(crt))
            channel = grpc.secure_channel(target, credentials)
            self.things.append(channel.close)
            return Api(channel)

        apis = {}
        issued = {}
        for role in list(ROLES) + ["stranger"]:
            issued[role] = authority.issue(role)
            apis[role] = connect(*issued[role])
        # Nobody without a certificate, and none of another authority.
        with self.assertRaises(grpc.RpcError) as caught:
            connect(None, None).services()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        elsewhere = Authority(tempfile.mkdtemp(dir=self.directory))
        with self.assertRaises(grpc.RpcError) as caught:
            connect(*elsewhere.issue("admin")).services()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)

        a = self.session(self.alice)
        name = self.sessions(self.api(agent), 1)[0].name
        calls = {
            "GetNode": {"name": "nodes/-"}, "ListSessions": {"parent": "nodes/-"}, "GetSession": {"name": name},
            "GetScreen": {"name": name}, "StreamScreen": {"name": name}, "TailAudit": {"parent": "nodes/-", "count": 1},
            "NotifySessions": {"parent": "nodes/-", "filter": "*", "text": "x", "validateOnly": True},
            "HoldSession": {"name": name, "validateOnly": True}, "DetachClient": {"name": name, "validateOnly": True},
            "TerminateSession": {"name": name, "validateOnly": True},
        }
        for role, may in ROLES.items():
            for method, fields in calls.items():
                if method in may:
                    try:
                        result = apis[role].call(FLEET, method, **fields)
                        if method in ("StreamScreen", "TailAudit"):
                            next(iter(result))
                            result.cancel()
                    except grpc.RpcError as error:
                        self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED, "%s %s" % (role, method))
                else:
                    self.assertEqual(self.refused(apis[role], method, **fields), "PERMISSION_DENIED PERMISSION_DENIED", "%s %s" % (role, method))
            self.assertEqual(self.refused(apis[role], "CreateAttachTicket", name=name), "PERMISSION_DENIED NOT_OWNER")
            self.assertEqual(self.sees_connections(apis[role]), role == "admin")
        for method, fields in calls.items():
            self.assertEqual(self.refused(apis["stranger"], method, **fields), "PERMISSION_DENIED PERMISSION_DENIED")

        # A revoked certificate is of no use any more, on old connections and on new ones; a watch that it began ends.
        watcher = Watcher(apis["viewer"])
        self.assertTrue(watcher.synced.wait(machine.DEADLINE))
        authority.revoke(issued["viewer"][0])

        def turned_away(api):
            try:
                api.call(FLEET, "GetNode", name="nodes/-")
            except grpc.RpcError as error:
                return error.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE)
            return False

        wait_for("the revocation", lambda: turned_away(apis["viewer"]))
        with self.assertRaises(grpc.RpcError) as caught:
            connect(*issued["viewer"]).services()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        watcher.thread.join(machine.DEADLINE)
        self.assertEqual(watcher.error.code(), grpc.StatusCode.UNAUTHENTICATED)
        # A policy that is read anew holds at once; one that is wrong changes nothing.
        with open(policy, "w") as file:
            file.write("{ not json")
        agent.process.send_signal(signal.SIGHUP)
        wait_for("the complaint", lambda: "the policy stays as it was" in agent.stderr())
        apis["operator"].call(FLEET, "GetSession", name=name)
        with open(policy, "w") as file:
            file.write("{}")
        agent.process.send_signal(signal.SIGHUP)
        wait_for("the new policy", lambda: turned_down(apis["operator"], name))
        self.end_all(self.api(agent))

    def test_metrics_audit_check(self):
        directory = tempfile.mkdtemp(dir=self.directory)
        log = directory + "/audit.jsonl"
        agent = self.agent("--audit-log", log, "--metrics", "127.0.0.1:0")
        api = self.api(agent)
        api.call(FLEET, "ListSessions", parent="nodes/-")
        port = wait_for("the port of the metrics", lambda: listening_port(agent.process.pid))
        text = urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=machine.DEADLINE).read().decode()
        self.assertIn('mosh_agent_rpcs_total{code="OK",method="ListSessions"} 1', text)
        for metric in ("mosh_sessions{state=\"attached\"}", "mosh_clients{protocol=\"stock\"}", "mosh_client_srtt_seconds_bucket",
                       "mosh_client_loss_ratio_bucket", "mosh_agent_watchers", "mosh_agent_audit_failures_total"):
            self.assertIn(metric, text)
        self.assertNotIn("user=", text)
        # One agent a log; and the log holds.
        binary = machine.program("MOSH_AGENT")
        second = subprocess.run([binary, "--listen-unix", directory + "/x.sock", "--audit-log", log], capture_output=True, text=True, timeout=machine.DEADLINE)
        self.assertEqual(second.returncode, 1)
        self.assertIn("belongs to another mosh-agent", second.stderr)
        self.assertEqual(agent.stop(), 0)
        self.assertFalse(os.path.exists(agent.socket))
        good = subprocess.run([binary, "--verify-audit", log], capture_output=True, text=True)
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn("2 entries", good.stdout)
        data = machine.read(log).replace(b"started", b"stolen!")
        with open(log, "wb") as file:
            file.write(data)
        bad = subprocess.run([binary, "--verify-audit", log], capture_output=True, text=True)
        self.assertEqual(bad.returncode, 1)
        self.assertIn("line 1: entry 1 has been changed", bad.stderr)
        # What we show can be used.
        policy = directory + "/policy.json"
        with open(policy, "wb") as file:
            file.write(machine.read(machine.program("MOSH_AGENT_POLICY")))
        os.chmod(policy, 0o620)
        loose = subprocess.run([binary, "--check", "--policy", policy], capture_output=True, text=True)
        self.assertEqual(loose.returncode, 1)
        self.assertIn("nobody else may write it", loose.stderr)
        os.chmod(policy, 0o644)
        shown = subprocess.run([binary, "--check", "--policy", policy, "--config", machine.program("MOSH_AGENT_CONF"),
                                "--audit-log", "none"], capture_output=True, text=True)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))

    def test_nothing_a_caller_sends_stops_it(self):
        agent = self.agent("--max-connections", "20", "--max-watchers", "3")
        api = self.api(agent)
        a = self.session(self.alice)
        name = self.sessions(api, 1)[0].name
        random = Random(1)
        # No HTTP/2, half of a connection, and connections that never say anything.
        silent = []
        for i in range(40):
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(agent.socket)
            silent.append(peer)
            if i % 2:
                try:
                    peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[:random.randrange(25)] + random.randbytes(random.randrange(2000)))
                except OSError:
                    pass
        for peer in silent:
            peer.close()
        # Requests of random bytes, and well-formed ones of random values.
        described = api.service(FLEET)
        for method in described.methods:
            for _ in range(20):
                rpc = api.channel.unary_stream("/%s/%s" % (FLEET, method.name))
                try:
                    next(iter(rpc(random.randbytes(random.randrange(100)), timeout=0.5)))
                except (grpc.RpcError, StopIteration):
                    pass
            texts = [field.json_name for field in method.input_type.fields if field.type == field.TYPE_STRING and field.label != field.LABEL_REPEATED]
            for _ in range(20):
                fields = {field: random.choice(["", "nodes/-", name, "*", "\x00", "(" * 4000, "é" * 2000, '"', "a" * 300000]) for field in texts}
                fields.pop("requestId", None)
                if method.name != "GetSession":
                    fields["validateOnly"] = True
                try:
                    result = api.call(FLEET, method.name, timeout=0.5, **{k: v for k, v in fields.items() if k in [f.json_name for f in method.input_type.fields]})
                    if hasattr(result, "cancel"):
                        next(iter(result))
                except (grpc.RpcError, StopIteration):
                    pass
        with self.assertRaises(grpc.RpcError) as caught:
            api.call(FLEET, "GetSession", name="x" * 2_000_000)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        # More watchers than there are places; and those who leave make room.
        watchers = [Watcher(api) for _ in range(4)]
        wait_for("one that finds no place", lambda: any(w.error and w.error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED for w in watchers))
        for watcher in watchers:
            watcher.call.cancel()

        def finds_a_place():
            watcher = Watcher(api)
            found = watcher.synced.wait(1)
            watcher.call.cancel()
            return found

        wait_for("a place", finds_a_place)
        self.assertIsNone(agent.process.poll())
        self.sessions(api, 1)
        self.end_all(api)

    def test_an_ordinary_users_agent(self):
        os.makedirs(self.bob.runtime + "/mosh", exist_ok=True)
        os.chown(self.bob.runtime + "/mosh", self.bob.uid, self.bob.uid)
        os.chmod(self.bob.runtime + "/mosh", 0o700)
        a, b = self.session(self.alice), self.session(self.bob)
        agent = Agent(self.bob.runtime + "/mosh", user=self.bob)
        self.things.append(agent.close)
        self.assertEqual(os.stat(agent.socket).st_mode & 0o777, 0o600)
        api = self.api(agent)
        mine = self.sessions(api, 1)[0]
        self.assertEqual(mine.uid, self.bob.uid)
        api.call(FLEET, "TerminateSession", name=mine.name, force=True)
        self.assertEqual(self.refused(api, "TailAudit", parent="nodes/-"), "FAILED_PRECONDITION NO_AUDIT_LOG")
        all_of_them = self.api(self.agent())
        self.end_all(all_of_them)


def stock_client():
    """Of the distribution, where it is installed or unpacked."""
    path = os.pathsep.join([os.environ.get("MOSH_TEST_TOOLS", "") + "/usr/bin", os.environ["PATH"]])
    found = shutil.which("mosh-client", path=path)
    if found is None:
        raise AssertionError("mosh-client is missing: apt-get install mosh")
    return found


def turned_down(api, name):
    try:
        api.call(FLEET, "GetSession", name=name)
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.PERMISSION_DENIED
    return False


def listening_port(pid):
    """Of the process's one listening TCP socket."""
    inodes = set()
    for fd in os.listdir("/proc/%d/fd" % pid):
        try:
            link = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except OSError:
            continue
        if link.startswith("socket:["):
            inodes.add(link[8:-1])
    with open("/proc/net/tcp") as table:
        for line in table.readlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                return int(fields[1].split(":")[1], 16)
    return None


if __name__ == "__main__":
    machine.main(lambda: unittest.main(verbosity=2))
