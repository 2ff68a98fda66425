"""A fleet end to end: three agents with mutual TLS, each with the sessions of another user, asked through any of them."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
from concurrent import futures

import grpc

import machine
from agent_test import FLEET, OWN, Watcher
from machine import Agent, Authority, Session, User, wait_for
from reflection import Api


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Fleet(unittest.TestCase):
    """Who is in it stands in a file."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(dir="/run")
        os.chmod(cls.directory, 0o755)
        cls.users = [User(1, "daemon"), User(65534, "nobody"), User(2, "bin")]

    def setUp(self):
        self.things = []
        self.at = tempfile.mkdtemp(dir=self.directory)
        os.chmod(self.at, 0o755)
        self.authority = Authority(self.at)
        self.names = ["n1", "n2", "n3"]
        self.ports = dict(zip(self.names, free_ports(3)))
        self.nodes = os.path.join(self.at, "nodes")
        with open(self.nodes, "w") as file:
            for name, port in self.ports.items():
                file.write("%s 127.0.0.1:%d\n" % (name, port))
        self.policy = os.path.join(self.at, "policy.json")
        with open(self.policy, "w") as file:
            json.dump({"grants": [{"to": ["cert:CN=agent-" + name for name in self.names], "roles": ["agent"]},
                                  {"to": ["cert:CN=boss"], "roles": ["admin"]},
                                  {"to": ["cert:CN=desk"], "roles": ["operator"], "users": ["bin"]}]}, file)
        self.keys = {name: self.issue("agent-" + name, "IP:127.0.0.1") for name in self.names}
        self.boss, self.desk = self.issue("boss"), self.issue("desk")
        self.agents = {}

    def tearDown(self):
        for thing in reversed(self.things):
            thing()

    def issue(self, name, san=None):
        pair = self.authority.issue(name, san)
        for path in pair:
            os.chmod(path, 0o644)
        return pair

    def fleet(self, name):
        """Options of the node's agent."""
        return ["--fleet-nodes", self.nodes]

    def user(self, name):
        return self.users[self.names.index(name)]

    def start(self, name, *more, policy=None):
        """The node's agent, as its user, whose sessions are the node's."""
        user = self.user(name)
        directory = os.path.join(self.at, name)
        if not os.path.exists(directory):
            os.mkdir(directory)
            os.chown(directory, user.uid, user.uid)
        crt, key = self.keys[name]
        agent = Agent(directory, *more, "--node", name, "--listen", "127.0.0.1:%d" % self.ports[name], "--tls-cert", crt, "--tls-key", key,
                      "--tls-ca", self.authority.crt, "--policy", policy or self.policy, *self.fleet(name),
                      "--audit-log", directory + "/audit.jsonl", "--recordings", directory + "/recordings", user=user)
        agent.port()
        self.agents[name] = agent
        self.things.append(agent.close)
        return agent

    def session(self, name, **kwargs):
        session = Session(self.user(name), **kwargs)
        self.things.append(session.close)
        return session

    def api(self, name, pair=None):
        crt, key = pair or self.boss
        credentials = grpc.ssl_channel_credentials(machine.read(self.authority.crt), machine.read(key), machine.read(crt))
        channel = grpc.secure_channel("127.0.0.1:%d" % self.ports[name], credentials, OWN)
        self.things.append(channel.close)
        return Api(channel)

    def listed(self, api, **fields):
        return api.call(FLEET, "ListSessions", **{"parent": "nodes/-", **fields})

    def wait_for_sessions(self, api, count):
        def look():
            answer = self.listed(api)
            good = len(answer.sessions) == count and not answer.unreachable and all(s.clients for s in answer.sessions)
            return list(answer.sessions) if good else None
        return wait_for("%d sessions" % count, look)

    def moshctl(self, at, *arguments):
        crt, key = self.boss
        return subprocess.run([machine.program("MOSHCTL"), *arguments, "--server", "127.0.0.1:%d" % self.ports[at], "--tls-ca",
                               self.authority.crt, "--tls-cert", crt, "--tls-key", key], capture_output=True, text=True,
                              timeout=machine.DEADLINE, env={"PATH": "/usr/bin:/bin", "HOME": "/", "TERM": "dumb"})

    def end_all(self):
        for name in self.names:
            self.end_own(name)

    def end_own(self, name):
        api = self.api(name)
        for session in self.listed(api, parent="nodes/" + name).sessions:
            api.call(FLEET, "TerminateSession", name=session.name, force=True)


class AnswersTest(Fleet):
    def test_any_node_answers_for_all(self):
        for name in self.names:
            self.start(name)
        shown = {name: self.session(name) for name in self.names}
        first = self.api("n1")
        sessions = self.wait_for_sessions(first, 3)
        self.assertEqual([s.name.split("/")[1] for s in sessions], self.names)
        self.assertEqual([s.user for s in sessions], ["daemon", "nobody", "bin"])
        for name in ("n2", "n3"):
            self.assertEqual([s.name for s in self.wait_for_sessions(self.api(name), 3)], [s.name for s in sessions])
        page = self.listed(first, pageSize=2)
        self.assertEqual((len(page.sessions), page.total_size), (2, 3))
        rest = self.listed(first, pageSize=2, pageToken=page.next_page_token)
        self.assertEqual([s.name for s in list(page.sessions) + list(rest.sessions)], [s.name for s in sessions])
        self.assertEqual([s.user for s in self.listed(first, parent="nodes/n3").sessions], ["bin"])
        self.assertEqual([s.user for s in self.listed(first, filter='user = "nobody"').sessions], ["nobody"])
        # By the policy of the node that is asked, whatever the others have.
        desk = self.api("n1", self.desk)
        self.assertEqual([s.user for s in self.listed(desk).sessions], ["bin"])

        other = sessions[1].name
        self.assertEqual(first.call(FLEET, "GetSession", name=other).user, "nobody")
        self.assertEqual(first.call(FLEET, "GetNode", name="nodes/n2").session_count, 1)
        with self.assertRaises(grpc.RpcError) as caught:
            first.call(FLEET, "GetScreen", name=other)
        reason, metadata = first.error_info(caught.exception)
        self.assertEqual((caught.exception.code(), reason), (grpc.StatusCode.FAILED_PRECONDITION, "NODE_ELSEWHERE"))
        self.assertEqual(metadata["endpoint"], "127.0.0.1:%d" % self.ports["n2"])

        nodes = first.call(FLEET, "WatchNodes", timeout=machine.DEADLINE)
        snapshot = next(iter(nodes))
        nodes.cancel()
        self.assertEqual([event.node.name for event in snapshot.events if event.HasField("node")], ["nodes/n1", "nodes/n2", "nodes/n3"])

        watcher = Watcher(first)
        self.assertTrue(watcher.synced.wait(machine.DEADLINE))
        self.assertEqual((len(watcher.sessions), watcher.unreachable), (3, []))
        more = self.session("n3")
        wait_for("the new session", lambda: len(watcher.sessions) == 4)

        would = first.call(FLEET, "NotifySessions", parent="nodes/-", filter="*", text="soon", validateOnly=True)
        self.assertEqual((would.notified_count, list(would.unreachable)), (4, []))
        told = first.call(FLEET, "NotifySessions", parent="nodes/-", filter="*", text="maintenance soon", reason="the yearly one")
        self.assertEqual((told.notified_count, list(told.failed), list(told.unreachable)), (4, [], []))
        for session in list(shown.values()) + [more]:
            wait_for("the notice", lambda: session.shows("maintenance soon"))
        entries = list(self.api("n2").call(FLEET, "TailAudit", parent="nodes/n2"))
        notices = [(e.caller, e.reason) for e in entries if e.method.endswith("NotifySessions")]
        self.assertEqual(notices, [("cert:CN=agent-n1", "for cert:CN=boss at nodes/n1: the yearly one")])

        # moshctl goes where the session is.
        ls = self.moshctl("n1", "ls")
        self.assertEqual((ls.returncode, ls.stderr), (0, ""))
        self.assertIn("NODE", ls.stdout.splitlines()[0])
        shown["n2"].type("typed at n2\r")
        session_id = other.split("/")[-1]
        wait_for("the text", lambda: "typed at n2" in self.moshctl("n1", "screen", session_id).stdout)
        self.check_records(sessions)
        killed = self.moshctl("n1", "kill", session_id)
        self.assertEqual((killed.returncode, killed.stdout), (0, session_id + " ended\n"), killed.stderr)
        wait_for("its end", lambda: other not in watcher.sessions)
        self.end_all()
        wait_for("the end of all", lambda: not watcher.sessions)
        # With connections to all others open.
        for agent in self.agents.values():
            self.assertEqual(agent.stop(), 0, agent.stderr())

    def check_records(self, sessions):
        """Recordings and audit logs of all nodes, by moshctl at any."""
        first = self.api("n1")
        for service, method in ((FLEET, "TailAudit"), ("mosh.fleet.v1.RecordingService", "ListRecordings")):
            with self.assertRaises(grpc.RpcError) as caught:
                result = first.call(service, method, parent="nodes/-")
                list(result)
            self.assertEqual(first.error_info(caught.exception)[0], "INVALID_NAME", method)
        ids = []
        for session in sessions:
            started = self.moshctl("n1", "record", "start", session.name, "--reason", "for the fleet")
            self.assertEqual(started.returncode, 0, started.stderr)
            ids.append(started.stdout.split()[-1])
        listed = self.moshctl("n3", "record", "ls")
        self.assertEqual((listed.returncode, listed.stderr), (0, ""))
        for recording, name in zip(ids, self.names):
            self.assertRegex(listed.stdout, recording + " +" + name)
        self.assertEqual(self.moshctl("n3", "record", "stop", *ids).stdout.split(), [w for i in ids for w in (i, "stopped")])
        file = os.path.join(self.at, "fetched.cast")
        got = self.moshctl("n3", "record", "get", ids[1], "-O", file)
        self.assertEqual(got.returncode, 0, got.stderr)
        os.unlink(file)
        self.assertEqual(self.moshctl("n3", "record", "rm", *ids).returncode, 0)
        audit = self.moshctl("n2", "audit", "-o", "json", "-n", "1000")
        self.assertEqual((audit.returncode, audit.stderr), (0, ""))
        entries = [json.loads(line) for line in audit.stdout.splitlines()]
        self.assertEqual(entries, sorted(entries, key=lambda e: e["time"].rstrip("Z")))
        started = [e["node"] for e in entries if e["method"].endswith("StartRecording") and e["reason"] == "for the fleet" and e["code"] == 0 and e["detail"] != "begins"]
        self.assertEqual(started, ["nodes/" + name for name in self.names])
        # By the rights on each node, not by those of the agent that is asked: nobody but the boss reads a log.
        self.boss, boss = self.desk, self.boss
        try:
            self.assertEqual(self.moshctl("n1", "audit").returncode, 3)
            self.assertEqual(self.moshctl("n1", "record", "ls").stdout, "No recordings.\n")
        finally:
            self.boss = boss

    def test_who_is_killed_is_missed_and_comes_back(self):
        for name in self.names:
            self.start(name)
        for name in self.names:
            self.session(name)
        first = self.api("n1")
        before = self.wait_for_sessions(first, 3)
        watcher = Watcher(first)
        self.assertTrue(watcher.synced.wait(machine.DEADLINE))
        self.agents["n2"].stop(signal.SIGKILL)
        wait_for("n2 to be missed", lambda: watcher.unreachable == ["nodes/n2"])
        self.assertEqual(list(self.listed(first).unreachable), ["nodes/n2"])
        would = first.call(FLEET, "NotifySessions", parent="nodes/-", filter="*", text="x", validateOnly=True)
        self.assertEqual(list(would.unreachable), ["nodes/n2"])
        self.assertIn("nodes/n2 doesn't answer", self.moshctl("n1", "ls").stderr)
        wait_for("its sessions to go", lambda: len(watcher.sessions) == 2)
        self.assertEqual(len(self.listed(first).sessions), 2)
        self.start("n2")
        wait_for("n2 to be back", lambda: watcher.unreachable == [] and len(watcher.sessions) == 3)
        self.assertEqual([s.name for s in self.wait_for_sessions(first, 3)], [s.name for s in before])
        # Soon enough, nobody misses anything.
        self.agents["n3"].stop()
        self.start("n3")
        wait_for("n3 to be back", lambda: watcher.unreachable == [] and len(watcher.sessions) == 3)
        self.end_all()


class EtcdTest(AnswersTest):
    """The same, but who is in it is registered in etcd."""

    def setUp(self):
        super().setUp()
        etcd = os.path.join(os.environ.get("MOSH_TEST_TOOLS", ""), "usr/bin/etcd")
        if not os.path.exists(etcd):
            self.skipTest("there is no etcd-server")
        self.client, peer = ("http://127.0.0.1:%d" % port for port in free_ports(2))
        log = open(self.at + "/etcd.log", "w")
        process = subprocess.Popen([etcd, "--data-dir", self.at + "/etcd", "--listen-client-urls", self.client, "--advertise-client-urls", self.client,
                                    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer],
                                   stdout=log, stderr=log)

        def end():
            process.kill()
            process.wait()
            log.close()

        self.things.append(end)
        wait_for("etcd", lambda: process.poll() is not None or accepts(int(self.client.split(":")[2])))

    def fleet(self, name):
        return ["--etcd", self.client.split("//")[1], "--advertise", "127.0.0.1:%d" % self.ports[name]]


class StrangersTest(Fleet):
    def serve_lies(self, port, pair, lies):
        """A node that tells what it likes."""
        class Handler(grpc.GenericRpcHandler):
            def service(self, details):
                def stream(request, context):
                    yield from lies
                    while context.is_active():
                        threading.Event().wait(0.05)
                return grpc.unary_stream_rpc_method_handler(stream) if details.method.endswith("WatchSessions") else None

        server = grpc.server(futures.ThreadPoolExecutor(8))
        server.add_generic_rpc_handlers((Handler(),))
        server.add_secure_port("127.0.0.1:%d" % port, grpc.ssl_server_credentials(
            [(machine.read(pair[1]), machine.read(pair[0]))], machine.read(self.authority.crt), True))
        server.start()
        self.things.append(lambda: server.stop(0).wait())

    def test_nobody_is_believed_about_others(self):
        one = self.start("n1")
        self.session("n1")
        first = self.api("n1")
        wait_for("its session", lambda: len(self.listed(first).sessions) == 1)
        own = self.listed(first).sessions[0].name
        types = first._factory.GetPrototype(first.service(FLEET).methods_by_name["WatchSessions"].output_type)
        lie = types()
        for event_type, name in ((1, "nodes/n1/sessions/evil"), (2, own), (3, own), (1, "nodes/n2/sessions/true")):
            event = lie.events.add(type=event_type)
            event.session.name = name
            event.session.session_id = name.split("/")[-1]
            event.session.user = "root"
        lie.events.add(type=4, resource_version="v")
        lie.unreachable.names.append("nodes/n1")
        self.serve_lies(self.ports["n2"], self.keys["n2"], [lie.SerializeToString()])
        # Not even a message, after one that is too long for one.
        self.serve_lies(self.ports["n3"], self.keys["n3"], [b"\x0a\xff\xff\xff\x7f" * 1000])

        def look():
            answer = self.listed(first)
            return sorted(s.name for s in answer.sessions), list(answer.unreachable)

        wait_for("what is true", lambda: look() == (sorted([own, "nodes/n2/sessions/true"]), ["nodes/n3"]))
        self.assertIn("nodes/n2 at 127.0.0.1:%d tells not the name of a session of nodes/n2" % self.ports["n2"], one.stderr())
        self.assertIsNone(one.process.poll())
        self.end_own("n1")

    def test_who_has_no_right_or_another_name_is_not_asked(self):
        strict = os.path.join(self.at, "strict.json")
        with open(strict, "w") as file:
            json.dump({"grants": [{"to": ["cert:CN=boss"], "roles": ["admin"]}]}, file)
        self.keys["n3"] = self.issue("agent-elsewhere", "DNS:elsewhere.example.org")
        self.start("n1")
        self.start("n2", policy=strict)
        self.start("n3")
        first = self.api("n1")
        answer = self.listed(first)
        self.assertEqual(list(answer.unreachable), ["nodes/n2", "nodes/n3"])
        for name, words in (("nodes/n2", "gives this agent no right"), ("nodes/n3", "not in peer certificate")):
            with self.assertRaises(grpc.RpcError) as caught:
                first.call(FLEET, "GetNode", name=name)
            self.assertEqual(first.error_info(caught.exception)[0], "NODE_UNREACHABLE")
            self.assertIn(words, caught.exception.details())
        self.assertEqual(self.agents["n1"].stop(), 0)

    def test_who_is_revoked_is_not_believed_any_more(self):
        os.chmod(self.authority.crl, 0o644)
        self.start("n1", "--tls-crl", self.authority.crl)
        self.start("n2")
        session = self.session("n2")
        first = self.api("n1")

        def look():
            answer = self.listed(first)
            return [s.user for s in answer.sessions], list(answer.unreachable)

        wait_for("its session", lambda: look() == (["nobody"], ["nodes/n3"]))
        watcher = Watcher(first)
        os.umask(0o022)
        self.authority.revoke(self.keys["n2"][0])
        session.type("something happens\r")
        wait_for("n2 not to be believed", lambda: watcher.unreachable == ["nodes/n2", "nodes/n3"])
        with self.assertRaises(grpc.RpcError) as caught:
            first.call(FLEET, "GetNode", name="nodes/n2")
        self.assertEqual(first.error_info(caught.exception)[0], "NODE_UNREACHABLE")
        self.assertIn("revoked", caught.exception.details())
        wait_for("its sessions to go", lambda: not watcher.sessions)
        self.end_own("n2")


if __name__ == "__main__":
    machine.main(lambda: unittest.main(verbosity=2))
