"""The fleet's nodes in a real etcd: agents and etcd are killed and started again, and everybody's list converges to the truth."""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.request

import machine
from etcd import free_ports
from fleet_case import FLEET, LEASE, FleetTestCase
from machine import Agent, Authority, program, wait_for


class RegistryTest(FleetTestCase):
    def moshctl(self, *arguments, code=0):
        done = subprocess.run([program("MOSHCTL"), *arguments], capture_output=True, text=True, timeout=machine.DEADLINE,
                              env={"HOME": self.directory, "PATH": "/usr/bin:/bin"})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def through_etcd(self):
        return ("--etcd", self.etcd.endpoint, "--etcd-ca", self.authority.crt, "--etcd-cert", self.ops_certificate[0],
                "--etcd-key", self.ops_certificate[1], "--etcd-prefix", self.prefix, "--tls-ca", self.authority.crt,
                "--tls-cert", self.ops_certificate[0], "--tls-key", self.ops_certificate[1])

    def test_nodes_come_die_and_go(self):
        a, b, c = self.node("n1", "--label", "rack=b"), self.node("n2"), self.node("n3")
        self.converge({"n1": "READY", "n2": "READY", "n3": "READY"}, a, b, c)
        listed = b.api.call(FLEET, "ListNodes", filter='labels.rack = "b"').nodes
        self.assertEqual([node.name for node in listed], ["nodes/n1"])
        b.end(signal.SIGKILL)
        died = time.monotonic()
        self.converge({"n1": "READY", "n2": "LOST", "n3": "READY"}, a, c)
        print("seen dead after %.1f s, with a lease of %d s" % (time.monotonic() - died, LEASE))
        # One that comes later agrees since when.
        def lost_since(node):
            return {n.name: n.state_time.ToJsonString() for n in node.api.call(FLEET, "ListNodes").nodes}.get("nodes/n2")
        late = self.node("n4")
        self.converge({"n1": "READY", "n2": "LOST", "n3": "READY", "n4": "READY"}, late)
        wait_for("one time of death", lambda: len({lost_since(n) for n in (a, c, late)}) == 1)
        b.start()
        self.converge({"n1": "READY", "n2": "READY", "n3": "READY", "n4": "READY"}, a, b, c, late)
        c.end()
        self.converge({"n1": "READY", "n2": "READY", "n4": "READY"}, a, b, late)

    def test_a_node_that_was_killed_is_followed_at_once(self):
        a, b = self.node("n1"), self.node("n2")
        self.converge({"n1": "READY", "n2": "READY"}, a, b)
        for _ in range(3):
            b.end(signal.SIGKILL)
            b.start()
            self.converge({"n1": "READY", "n2": "READY"}, a, b)
        self.assertNotIn("already", b.agent.stderr())

    def test_metrics(self):
        metrics = "127.0.0.1:%d" % free_ports(1)[0]
        a, b = self.node("n1", "--metrics", metrics), self.node("n2")
        self.converge({"n1": "READY", "n2": "READY"}, a, b)

        def shown():
            with urllib.request.urlopen("http://%s/metrics" % metrics, timeout=machine.DEADLINE) as answer:
                return dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))

        wait_for("both", lambda: shown()['mosh_fleet_nodes{state="ready"}'] == "2" and shown()["mosh_agent_registry_up"] == "1")
        b.end(signal.SIGKILL)
        wait_for("one lost", lambda: shown()['mosh_fleet_nodes{state="lost"}'] == "1")
        self.etcd.kill()
        wait_for("etcd away", lambda: shown()["mosh_agent_registry_up"] == "0")
        self.etcd.start()
        wait_for("etcd back", lambda: shown()["mosh_agent_registry_up"] == "1")

    def test_two_of_one_name(self):
        first = self.node("n1")
        self.converge({"n1": "READY"}, first)
        second = self.node("n1")
        said = wait_for("a complaint", lambda: second.agent.stderr() if "already" in second.agent.stderr() else None)
        self.assertIn("(process %d)" % first.agent.process.pid, said)
        self.assertIn("--node", said)
        self.assertTrue(any("already" in problem for problem in second.problems()))
        second.api.call(FLEET, "ListSessions", parent="nodes/-")
        self.assertEqual(first.problems(), [])
        first.end()
        wait_for("its turn", lambda: second.problems() == [])
        self.assertIn("registered in etcd as nodes/n1", second.agent.stderr())

    def test_etcd_is_away_for_a_while(self):
        a, b = self.node("n1"), self.node("n2", etcd="127.0.0.1:1," + self.etcd.endpoint)
        self.converge({"n1": "READY", "n2": "READY"}, a, b)
        self.etcd.kill()
        wait_for("the problem", lambda: any("can't reach etcd" in p for p in a.problems()) and b.problems())
        for node in (a, b):
            node.api.call(FLEET, "ListSessions", parent="nodes/-")
            self.assertEqual(node.shown(), {"n1": "READY", "n2": "READY"})
        # Without etcd from the beginning.
        c = self.node("n3")
        self.assertEqual(c.shown(), {"n3": "READY"})
        self.assertTrue(c.problems())
        self.etcd.start()
        self.converge({"n1": "READY", "n2": "READY", "n3": "READY"}, a, b, c)
        wait_for("no problem", lambda: not a.problems() and not b.problems() and not c.problems())
        a.end()
        self.assertEqual(a.said.count("can't reach etcd"), 1, a.said)
        self.assertEqual(a.said.count("registered in etcd"), 2, a.said)
        self.converge({"n2": "READY", "n3": "READY"}, b, c)

    def test_everything_at_random_moments(self):
        seed = int(os.environ.get("TEST_SEED", "7"))
        print("seed", seed)
        choose = random.Random(seed)
        nodes = {name: self.node(name) for name in ("n1", "n2", "n3", "n4")}
        truth = {name: "READY" for name in nodes}
        self.converge(truth, *nodes.values())
        for _ in range(25):
            what = choose.random()
            if what < 0.2:
                if self.etcd.process.poll() is None:
                    self.etcd.kill()
                else:
                    self.etcd.start()
            else:
                node = nodes[choose.choice(sorted(nodes))]
                if node.agent is None:
                    node.start()
                    truth[node.name] = "READY"
                else:
                    node.end(signal.SIGKILL)
                    truth[node.name] = "LOST"
            # A moment that isn't tuned to anything; nothing depends on how long it is.
            time.sleep(choose.random() * 0.5)
        if self.etcd.process.poll() is not None:
            self.etcd.start()
        last = self.node("n5")
        truth["n5"] = "READY"
        living = [node for node in nodes.values() if node.agent is not None] + [last]
        self.converge(truth, *living)
        wait_for("no problems", lambda: not any(node.problems() for node in living))

    def test_moshctl(self):
        a, b, c = (self.node(name, "--label", "rack=" + name, tls=True) for name in ("n1", "n2", "n3"))
        self.converge({"n1": "READY", "n2": "READY", "n3": "READY"}, a, b, c)
        table = self.moshctl("nodes", *self.through_etcd()).splitlines()
        self.assertEqual([line.split()[:2] for line in table[1:]], [["n1", "ready"], ["n2", "ready"], ["n3", "ready"]])
        self.assertIn(a.endpoint, table[1])
        self.assertIn("rack=n1", table[1])
        # Whichever is tried first: the dead are passed over.
        b.end(signal.SIGKILL)
        for _ in range(5):
            listed = json.loads(self.moshctl("nodes", "-o", "json", *self.through_etcd()))
            self.assertEqual(len(listed["nodes"]), 3)
        self.converge({"n1": "READY", "n2": "LOST", "n3": "READY"}, a, c)
        self.assertIn("not lost", self.moshctl_fails("nodes", "forget", "n3", *self.through_etcd(), code=5))
        wait_for("the record", lambda: "n2 forgotten" in self.moshctl_says("nodes", "forget", "n2", *self.through_etcd()))
        self.converge({"n1": "READY", "n3": "READY"}, a, c)
        # A context does as well, and files beside it.
        config = os.path.join(self.directory, "config.yaml")
        with open(config, "w") as file:
            json.dump({"current-context": "f", "contexts": [{
                "name": "f", "etcd": ["127.0.0.1:1", self.etcd.endpoint], "etcd-prefix": self.prefix,
                "etcd-tls": {"ca": "ca.crt", "cert": "ops.crt", "key": "ops.key"},
                "tls": {"ca": "ca.crt", "cert": "ops.crt", "key": "ops.key"}}]}, file)
        done = subprocess.run([program("MOSHCTL"), "nodes", "-o", "json"], capture_output=True, text=True, timeout=machine.DEADLINE,
                              env={"HOME": "/", "PATH": "/usr/bin:/bin", "MOSHCTL_CONFIG": config})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["nodes"]), 2)
        # A watch sees them come and go.
        watch = subprocess.Popen([program("MOSHCTL"), "nodes", "--watch", "-o", "json", "--server", "unix:" + a.agent.socket],
                                 stdout=subprocess.PIPE, text=True)
        try:
            seen = [json.loads(watch.stdout.readline())["node"]["name"] for _ in range(2)]
            self.assertEqual(seen, ["nodes/n1", "nodes/n3"])
            b.start()
            event = json.loads(watch.stdout.readline())
            self.assertEqual((event["type"], event["node"]["name"]), ("ADDED", "nodes/n2"))
            b.end()
            event = json.loads(watch.stdout.readline())
            self.assertEqual((event["type"], event["node"]["name"]), ("DELETED", "nodes/n2"))
        finally:
            watch.kill()
            watch.communicate()

    def moshctl_says(self, *arguments):
        done = subprocess.run([program("MOSHCTL"), *arguments], capture_output=True, text=True, timeout=machine.DEADLINE)
        return done.stdout

    def moshctl_fails(self, *arguments, code):
        done = subprocess.run([program("MOSHCTL"), *arguments], capture_output=True, text=True, timeout=machine.DEADLINE)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stderr

    def test_what_etcd_must_be_shown(self):
        strangers = Authority(tempfile.mkdtemp(dir=self.directory))
        certificate, key = strangers.issue("agent")
        # A stranger's certificate gets nobody in, and a stranger's etcd is not believed.
        directory = tempfile.mkdtemp(dir=self.directory)
        base = ["--node", "n1", "--audit-log", "none", "--recordings", "none", "--etcd", self.etcd.endpoint, "--etcd-lease", "2"]
        for ca, shown in ((self.authority.crt, (certificate, key)), (strangers.crt, self.agent_certificate)):
            agent = Agent(directory, *base, "--etcd-ca", ca, "--etcd-cert", shown[0], "--etcd-key", shown[1])
            try:
                wait_for("the complaint", lambda: "can't reach etcd" in agent.stderr())
                self.assertNotIn("registered", agent.stderr())
            finally:
                agent.close()

    def test_certificates_are_read_anew(self):
        paths = [os.path.join(self.directory, "own." + e) for e in ("crt", "key")]
        strangers = Authority(tempfile.mkdtemp(dir=self.directory))
        copy(strangers.issue("agent"), paths)
        directory = tempfile.mkdtemp(dir=self.directory)
        agent = Agent(directory, "--node", "n1", "--audit-log", "none", "--recordings", "none", "--etcd", self.etcd.endpoint,
                      "--etcd-prefix", self.prefix, "--etcd-ca", self.authority.crt, "--etcd-cert", paths[0], "--etcd-key", paths[1])
        try:
            wait_for("the complaint", lambda: "can't reach etcd" in agent.stderr())
            copy(self.agent_certificate, paths)
            wait_for("the new certificate's effect", lambda: "registered" in agent.stderr())
        finally:
            agent.close()

    def test_check(self):
        def check(*arguments):
            done = subprocess.run([program("MOSH_AGENT"), "--check", "--audit-log", "none", "--etcd", "e:2379", *arguments],
                                  capture_output=True, text=True, timeout=machine.DEADLINE)
            return done.returncode, done.stderr
        self.assertEqual(check("--etcd-ca", self.authority.crt), (0, ""))
        code, said = check("--etcd-ca", self.policy)
        self.assertEqual(code, 1)
        self.assertIn(self.policy, said)
        code, said = check("--etcd-ca", self.authority.crt, "--etcd-cert", self.agent_certificate[0], "--etcd-key", self.ops_certificate[1])
        self.assertEqual(code, 1)
        self.assertIn("is not the key of", said)


def copy(sources, destinations):
    for source, destination in zip(sources, destinations):
        with open(destination + ".new", "wb") as file:
            file.write(machine.read(source))
        os.rename(destination + ".new", destination)


if __name__ == "__main__":
    machine.main(lambda: unittest.main(verbosity=2))
