"""Agents that are a fleet by an etcd, for tests."""

import os
import signal
import tempfile
import unittest

import grpc

from etcd import Etcd, free_ports
from machine import Agent, Authority, wait_for
from reflection import Api

FLEET = "mosh.fleet.v1.FleetService"
STATES = {1: "READY", 2: "DRAINING", 3: "DRAINED", 4: "LOST"}
LEASE = 2
POLICY = '{"grants": [{"to": ["cert:CN=ops"], "roles": ["admin"]}]}'


class Node:
    """An agent that is in the fleet."""

    def __init__(self, test, name, *arguments, etcd=None, tls=False, lease=LEASE):
        self.test, self.name = test, name
        self.directory = tempfile.mkdtemp(dir=test.directory)
        self.arguments = ["--node", name, "--audit-log", "none", "--recordings", "none", "--etcd", etcd or test.etcd.endpoint,
                          "--etcd-ca", test.authority.crt, "--etcd-cert", test.agent_certificate[0],
                          "--etcd-key", test.agent_certificate[1], "--etcd-lease", str(lease), "--etcd-prefix", test.prefix, *arguments]
        if tls:
            self.endpoint = "127.0.0.1:%d" % free_ports(1)[0]
            self.arguments += ["--listen", self.endpoint, "--advertise", self.endpoint, "--tls-cert", test.agent_certificate[0],
                               "--tls-key", test.agent_certificate[1], "--tls-ca", test.authority.crt, "--policy", test.policy]
        self.agent = self.api = None
        self.start()

    def start(self):
        self.agent = Agent(self.directory, *self.arguments)
        self.api = Api(grpc.insecure_channel("unix:" + self.agent.socket, (("grpc.use_local_subchannel_pool", 1),)))

    def end(self, how=signal.SIGTERM):
        self.api.channel.close()
        status = self.agent.stop(how)
        self.said = self.agent.stderr()
        self.agent.log.close()
        self.agent = None
        # It did nothing of the kind by itself.
        self.test.assertEqual(status, -how if how == signal.SIGKILL else 0, self.said)

    def shown(self):
        """{"n1": "READY"}"""
        return {node.name[6:]: STATES[node.state] for node in self.api.call(FLEET, "ListNodes").nodes}

    def problems(self):
        """Of several agents on one machine only one drains; that is none here."""
        problems = self.api.call(FLEET, "GetNode", name="nodes/-").problems
        return [problem for problem in problems if not problem.startswith("can't drain or limit")]


class FleetTestCase(unittest.TestCase):
    """With an authority, and whatever etcd start_etcd() makes."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(dir="/run")
        os.chmod(cls.directory, 0o755)
        cls.authority = Authority(cls.directory)
        cls.agent_certificate = cls.authority.issue("agent", san="IP:127.0.0.1")
        cls.ops_certificate = cls.authority.issue("ops")
        cls.policy = os.path.join(cls.directory, "policy.json")
        with open(cls.policy, "w") as file:
            file.write(POLICY)
        cls.etcd = cls.start_etcd()

    @classmethod
    def start_etcd(cls):
        return Etcd(cls.directory, cls.authority)

    @classmethod
    def tearDownClass(cls):
        cls.etcd.kill()

    def setUp(self):
        # A fleet of its own for each.
        self.prefix = "/%s/" % self.id().split(".")[-1]

    def node(self, name, *arguments, **kwargs):
        node = Node(self, name, *arguments, **kwargs)
        self.addCleanup(lambda: node.agent is not None and node.end(signal.SIGKILL))
        return node

    def converge(self, expected, *nodes):
        def look():
            return all(node.shown() == expected for node in nodes)
        try:
            wait_for("convergence", look)
        except AssertionError:
            self.fail("expected %s, shown %s" % (expected, [(node.name, node.shown(), node.problems()) for node in nodes]))
