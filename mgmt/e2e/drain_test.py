"""Drains and limits end to end: real sessions, our client's and stock's, new ones that are refused, agents that die in between."""

import json
import os
import signal
import subprocess
import tempfile
import unittest

import grpc
from google.protobuf import message_factory

import machine
from agent_test import FLEET, local_api, stock_client
from machine import Agent, Session, User, wait_for

OPERATIONS = "mosh.fleet.v1.OperationService"
POLICIES = "mosh.fleet.v1.PolicyService"
DRAINING, DRAINED, READY = 2, 3, 1  # Node.State


class DrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(dir="/run")
        os.chmod(cls.directory, 0o755)
        cls.alice, cls.bob = User(1, "daemon"), User(65534, "nobody")

    def setUp(self):
        self.things = []
        self.start_agent()

    def tearDown(self):
        try:
            self.api.call(FLEET, "UndrainNode", name="nodes/-")
            for policy in self.api.call(POLICIES, "ListPolicies").policies:
                self.api.call(POLICIES, "DeletePolicy", name=policy.name)
            for session in self.api.call(FLEET, "ListSessions", parent="nodes/-").sessions:
                self.api.call(FLEET, "TerminateSession", name=session.name, force=True)
            wait_for("the end of all", lambda: not self.sessions())
        finally:
            for thing in reversed(self.things):
                thing()
            self.agent.close()

    def start_agent(self):
        directory = tempfile.mkdtemp(dir=self.directory)
        os.chmod(directory, 0o755)
        self.agent = Agent(directory, "--audit-log", os.path.join(directory, "audit.jsonl"), "--node", "n1", "--label", "rack=b")
        self.api = local_api(self.agent)

    def stop_agent(self, how):
        self.agent.stop(how)
        self.agent.close()
        self.api.channel.close()

    def restart_agent(self, how):
        self.stop_agent(how)
        self.start_agent()

    def session(self, user, **kwargs):
        session = Session(user, **kwargs)
        self.things.append(session.close)
        return session

    def sessions(self):
        return list(self.api.call(FLEET, "ListSessions", parent="nodes/-").sessions)

    def wait_for_sessions(self, count):
        return wait_for("%d sessions" % count, lambda: len(self.sessions()) == count and all(s.clients for s in self.sessions()))

    def refused(self, user, **kwargs):
        """What somebody reads who wants one more session."""
        server = user.popen([machine.program("MOSH_SERVER"), "new", "--", "/bin/cat"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, stdin=subprocess.DEVNULL, **kwargs)
        out, err = server.communicate(timeout=machine.DEADLINE)
        self.assertNotIn("MOSH CONNECT", out)
        self.assertEqual(server.returncode, 3)
        return err

    def drain(self, seconds, at_end, message="Kernel update."):
        return self.api.call(FLEET, "DrainNode", name="nodes/-", grace="%ds" % seconds, atEnd=at_end, message=message).name

    def operation(self, name):
        return self.api.call(OPERATIONS, "GetOperation", name=name)

    def outcome(self, name):
        """(ended, terminated, left)"""
        operation = self.api.call(OPERATIONS, "WaitOperation", timeout=machine.DEADLINE, name=name)
        self.assertTrue(operation.done)
        response = self.unpack("DrainNodeResponse", operation.response.value)
        return response.ended_count, response.terminated_count, response.left_count

    def unpack(self, message, value):
        """Of an Any."""
        self.api.service(FLEET)  # whose file leads to all of drains
        descriptor = self.api.pool.FindMessageTypeByName("mosh.fleet.v1." + message)
        return message_factory.MessageFactory(self.api.pool).GetPrototype(descriptor).FromString(value)

    def state(self):
        return self.api.call(FLEET, "GetNode", name="nodes/-").state

    # ----

    def test_a_drain_warns_refuses_and_ends(self):
        a = self.session(self.alice)
        b = self.session(self.bob, client=stock_client())
        self.wait_for_sessions(2)
        self.assertEqual(self.state(), READY)
        name = self.drain(15, "TERMINATE")
        self.assertEqual(self.state(), DRAINING)
        self.assertEqual(self.api.call(FLEET, "GetNode", name="nodes/-").drain_operation, name)
        for session in (a, b):
            wait_for("the warning", lambda: session.shows("This session ends in") and session.shows("Kernel update."))
        err = self.refused(self.bob)
        self.assertIn("no new sessions are taken here: this machine is being drained. Kernel update.", err)
        self.assertIn("mosh-server list", err)
        # Those that are there can still be attached to.
        alice = local_api(self.agent, self.alice.uid)
        self.things += [alice.relay.wait, alice.relay.kill, alice.channel.close]
        own = alice.call(FLEET, "ListSessions", parent="nodes/-").sessions[0]
        ticket = alice.call(FLEET, "CreateAttachTicket", name=own.name)
        a.attach(ticket.port, ticket.key)
        with self.assertRaises(grpc.RpcError) as caught:
            alice.call(FLEET, "DrainNode", name="nodes/-", grace="0s", atEnd="TERMINATE")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.PERMISSION_DENIED)
        with self.assertRaises(grpc.RpcError) as caught:
            self.drain(1, "LEAVE")
        self.assertEqual(self.api.error_info(caught.exception)[0], "DRAIN_RUNNING")
        self.assertEqual(self.outcome(name), (0, 2, 0))
        for session in (a, b):
            self.assertIsNotNone(session.clients[0][0].wait(machine.DEADLINE))
        self.assertEqual((self.state(), self.sessions()), (DRAINED, []))
        self.refused(self.alice)
        details = [e.detail for e in self.api.call(FLEET, "TailAudit", parent="nodes/-", count=100)]
        self.assertTrue(any("grace 15 s, TERMINATE" in d for d in details))
        self.assertTrue(any(name + " has ended: 0 sessions ended, 2 were terminated" in d for d in details), details)
        self.assertEqual(self.api.call(FLEET, "UndrainNode", name="nodes/n1").state, READY)
        self.session(self.alice)
        self.wait_for_sessions(1)

    def test_a_drain_may_leave_what_is_there(self):
        a = self.session(self.alice)
        self.wait_for_sessions(1)
        name = self.drain(1, "LEAVE", message="")
        wait_for("the plea", lambda: a.shows("please end this session within"))
        self.assertEqual(self.outcome(name), (0, 0, 1))
        self.assertEqual(self.state(), DRAINED)
        a.type("still here\r")
        wait_for("the echo", lambda: a.shows("still here"))
        self.assertIn("this machine is being drained", self.refused(self.bob))

    def test_a_drain_is_called_off(self):
        a = self.session(self.alice)
        self.wait_for_sessions(1)
        name = self.drain(3600, "TERMINATE")
        wait_for("the warning", lambda: a.shows("This session ends in"))
        operation = self.api.call(OPERATIONS, "CancelOperation", name=name)
        self.assertTrue(operation.done)
        self.assertEqual(operation.error.code, 1)
        self.assertIn("cancelled by local:root", operation.error.message)
        wait_for("the relief", lambda: a.shows("called off"))
        self.session(self.bob)
        self.wait_for_sessions(2)

    def test_an_agent_that_is_killed_is_followed_by_one_that_goes_on(self):
        self.session(self.alice)
        self.wait_for_sessions(1)
        name = self.drain(600, "TERMINATE")
        self.stop_agent(signal.SIGKILL)
        self.refused(self.bob)  # while there is none
        self.start_agent()
        self.assertEqual(self.state(), DRAINING)
        self.assertFalse(self.operation(name).done)
        # One whose time comes while no agent runs.
        self.api.call(FLEET, "UndrainNode", name="nodes/-")
        name = self.drain(1, "TERMINATE")
        self.stop_agent(signal.SIGKILL)
        path = "/run/mosh-agent/operations.json"
        with open(path) as file:
            kept = json.load(file)
        self.assertEqual([o["name"] for o in kept["operations"] if not o.get("done")], [name])
        self.start_agent()
        self.assertEqual(self.outcome(name), (0, 1, 0))
        self.restart_agent(signal.SIGTERM)
        self.assertEqual(self.state(), DRAINED)
        self.assertTrue(self.operation(name).done)

    def test_a_limit_of_idleness_warns_and_ends(self):
        a = self.session(self.alice, client=stock_client())
        b = self.session(self.bob)
        self.wait_for_sessions(2)
        policy = self.api.call(POLICIES, "UpdatePolicy", allowMissing=True, policy={
            "name": "policies/short", "limits": {"idle": "6s"}, "selector": {"labels": {"rack": "b"}}})
        self.assertTrue(policy.etag)
        node = self.api.call(FLEET, "GetNode", name="nodes/-")
        self.assertEqual((node.limits.idle.seconds, list(node.policies), list(node.problems)), (6, ["policies/short"], []))
        for session in (a, b):
            wait_for("the warning", lambda: session.shows("nobody has typed for"))
            self.assertIsNotNone(session.clients[0][0].wait(machine.DEADLINE))
        wait_for("their end", lambda: not self.sessions())
        # One that is taken back before it ends anything.
        c = self.session(self.alice)
        self.wait_for_sessions(1)
        self.api.call(POLICIES, "UpdatePolicy", policy={"name": "policies/short", "limits": {"idle": "60s"}})
        self.restart_agent(signal.SIGKILL)
        self.assertEqual(self.api.call(FLEET, "GetNode", name="nodes/-").limits.idle.seconds, 60)
        self.api.call(POLICIES, "DeletePolicy", name="policies/short")
        self.assertFalse(self.api.call(FLEET, "GetNode", name="nodes/-").limits.HasField("idle"))
        c.type("x\r")
        wait_for("the echo", lambda: c.shows("x"))

    def test_a_user_has_no_more_sessions_than_he_may(self):
        self.api.call(POLICIES, "UpdatePolicy", allowMissing=True, policy={"name": "policies/few", "limits": {"maxSessionsPerUser": 1}})
        admission = "/run/mosh-agent/admission"
        wait_for("the file", lambda: os.path.exists(admission))
        self.session(self.alice)
        self.wait_for_sessions(1)  # its control socket is made a moment after its connect line
        self.assertIn("you have 1 session here, and no more than 1 is allowed: end one, or attach to it", self.refused(self.alice))
        self.session(self.bob)
        self.wait_for_sessions(2)
        self.api.call(POLICIES, "DeletePolicy", name="policies/few")
        wait_for("its end", lambda: not os.path.exists(admission))
        self.session(self.alice)
        self.wait_for_sessions(3)

    def test_sessions_of_moshds_are_no_exception(self):
        config = os.path.join(self.directory, "moshd.conf")
        with open(config, "w") as file:
            file.write("port = 61042\nbind = 127.0.0.1\nlinger = 1s\n")
        moshd = subprocess.Popen([machine.program("MOSHD"), "--config", config], stderr=subprocess.DEVNULL)
        self.things += [moshd.wait, moshd.terminate]
        gate = "/run/moshd/gate.sock"
        wait_for("the gate", lambda: os.path.exists(gate))
        under = {"env": {"MOSHD_SOCKET": gate}}

        def start():
            server = self.alice.popen([machine.program("MOSH_SERVER"), "new", "--", "/bin/cat"], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, **under)
            out, err = server.communicate(timeout=machine.DEADLINE)
            self.assertIn("MOSH CONNECT 61042", out, err)

        start()
        wait_for("its session", lambda: len(self.sessions()) == 1)
        name = self.drain(0, "TERMINATE")
        self.assertEqual(self.outcome(name), (0, 1, 0))
        self.assertIn("being drained", self.refused(self.alice, **under))
        self.api.call(FLEET, "UndrainNode", name="nodes/-")
        self.api.call(POLICIES, "UpdatePolicy", allowMissing=True, policy={
            "name": "policies/short", "limits": {"detached": "4s", "maxSessionsPerUser": 1}})
        wait_for("the file", lambda: os.path.exists("/run/mosh-agent/admission"))
        start()
        self.assertIn("no more than 1 is allowed", self.refused(self.alice, **under))
        # When the Host has gone, the keeper goes with the gate.
        wait_for("the Host's end", lambda: not self.api.call(FLEET, "GetNode", name="nodes/-").hosts)


if __name__ == "__main__":
    machine.main(lambda: unittest.main(verbosity=2))
