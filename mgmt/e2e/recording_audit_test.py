"""What a recording leaves behind beside its file: entries in the audit log, with who and why, and Prometheus' figures."""

import os
import subprocess
import tempfile
import unittest
import urllib.request

import grpc

import machine
from agent_test import FLEET, listening_port, local_api
from machine import Agent, Session, User, wait_for

RECORDINGS = "mosh.fleet.v1.RecordingService"


class RecordingAuditTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.alice, cls.bob = User(1, "daemon"), User(65534, "nobody")

    def setUp(self):
        self.things = []
        self.directory = tempfile.mkdtemp(dir="/run")
        os.chmod(self.directory, 0o755)
        self.log = self.directory + "/audit.jsonl"
        self.agent = Agent(self.directory, "--audit-log", self.log, "--node", "n1", "--recordings", self.directory + "/recordings",
                           "--metrics", "127.0.0.1:0")
        self.things.append(self.agent.close)
        self.metrics_port = wait_for("the port of the metrics", lambda: listening_port(self.agent.process.pid))
        self.root = self.api()

    def tearDown(self):
        if self.agent.process.poll() is None:
            self.end_sessions()
        for thing in reversed(self.things):
            thing()

    def api(self, uid=0):
        api = local_api(self.agent, uid)
        self.things.append(api.channel.close)
        if uid != 0:
            self.things.append(api.relay.wait)
            self.things.append(api.relay.kill)
        return api

    def session(self, command=("/bin/cat",)):
        """Its name, and the session."""
        session = Session(self.alice, command)
        self.things.append(session.close)

        def look():
            found = self.root.call(FLEET, "ListSessions", parent="nodes/-").sessions
            return found[0].name if len(found) == 1 and found[0].clients else None
        return wait_for("the session", look), session

    def end_sessions(self):
        for session in self.root.call(FLEET, "ListSessions", parent="nodes/-").sessions:
            self.root.call(FLEET, "TerminateSession", name=session.name, force=True)
        wait_for("the end of all", lambda: not self.root.call(FLEET, "ListSessions", parent="nodes/-").sessions)

    def wait_for_metrics(self, **expected):
        """They are sampled, every 15 seconds."""
        names = {"running": "mosh_recordings_running", "taken": "mosh_recordings_bytes",
                 "finished": 'mosh_recordings_ended_total{state="finished"}'}
        wait_for("the figures %s" % expected, lambda: {key: self.metric(names[key]) for key in expected} == expected)

    def metric(self, name):
        text = urllib.request.urlopen("http://127.0.0.1:%d/metrics" % self.metrics_port, timeout=machine.DEADLINE).read().decode()
        return float([line for line in text.splitlines() if line.startswith(name + " ")][0].split()[1])

    def entries(self):
        """(who, call, about what, why, code, detail) of what was done with recordings."""
        return [(e.caller, e.method.split("/")[1], e.resource, e.reason, e.code, e.detail)
                for e in self.root.call(FLEET, "TailAudit", parent="nodes/n1", count=1000) if RECORDINGS in e.method]

    def denied(self, api, method, **fields):
        with self.assertRaises(grpc.RpcError) as caught:
            api.call(RECORDINGS, method, **fields)
        return api.error_info(caught.exception)[0]

    def test_everything_done_to_a_recording_is_on_record_and_counted(self):
        session, shown = self.session()
        bob = self.api(self.bob.uid)
        self.wait_for_metrics(running=0, taken=0, finished=0)
        self.assertEqual(self.metric("mosh_recorded_bytes_total"), 0)

        name = self.root.call(RECORDINGS, "StartRecording", session=session, reason="ticket 1").name
        self.wait_for_metrics(running=1)
        shown.type("something to see\r")
        wait_for("the file to grow", lambda: self.root.call(RECORDINGS, "GetRecording", name=name).frame_count > 1)
        self.assertEqual(self.denied(bob, "StopRecording", name=name, reason="I want to"), "RECORDING_NOT_FOUND")
        stopped = self.root.call(RECORDINGS, "StopRecording", name=name, reason="ticket 2")
        self.wait_for_metrics(running=0, finished=1, taken=stopped.size_bytes)
        self.assertEqual(self.metric('mosh_recordings_ended_total{state="failed"}'), 0)
        self.assertGreater(self.metric("mosh_recorded_bytes_total"), 0)
        self.assertLessEqual(self.metric("mosh_recorded_bytes_total"), stopped.size_bytes)
        list(self.root.call(RECORDINGS, "DownloadRecording", name=name, reason="ticket 3"))
        self.root.call(RECORDINGS, "DeleteRecording", name=name, reason="ticket 4")
        self.wait_for_metrics(taken=0)

        size = stopped.size_bytes
        root, nobody = "local:root(0)", "local:nobody(65534)"
        changing = [e for e in self.entries() if e[1] not in ("GetRecording", "ListRecordings")]
        self.assertEqual(changing, [
            (root, "StartRecording", session, "ticket 1", 0, "begins"),
            (root, "StartRecording", session, "ticket 1", 0, name),
            (nobody, "StopRecording", name, "I want to", grpc.StatusCode.NOT_FOUND.value[0], "RECORDING_NOT_FOUND; hidden from the caller"),
            (root, "StopRecording", name, "ticket 2", 0, ""),
            (root, "DownloadRecording", name, "ticket 3", 0, "begins"),
            (root, "DownloadRecording", name, "ticket 3", 0, "bytes 0 to %d of %d" % (size, size)),
            (root, "DeleteRecording", name, "ticket 4", 0, "")])
        self.assertIn((root, "GetRecording", name, "", 0, ""), self.entries(), "looking is on record too")
        self.end_sessions()
        self.assertEqual(self.agent.stop(), 0)
        checked = subprocess.run([machine.program("MOSH_AGENT"), "--verify-audit", self.log], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_that_input_was_recorded_is_on_record(self):
        session, shown = self.session()
        alice = self.api(self.alice.uid)
        self.assertEqual(self.denied(self.api(self.bob.uid), "StartRecording", session=session, recordInput=True), "SESSION_NOT_FOUND")
        of_root = self.root.call(RECORDINGS, "StartRecording", session=session, recordInput=True).name
        wait_for("the user to be told", lambda: shown.shows("Watched by root (recording with input)"))
        self.assertEqual(list(self.root.call(FLEET, "GetSession", name=session).watchers), ["root (recording with input)"])
        own = alice.call(RECORDINGS, "StartRecording", session=session, recordInput=True).name
        for name in (of_root, own):
            self.assertTrue(self.root.call(RECORDINGS, "StopRecording", name=name).has_input)
        self.assertEqual([(e[0], e[5]) for e in self.entries() if e[1] == "StartRecording" and e[4] == 0], [
            ("local:root(0)", "begins, with input"), ("local:root(0)", of_root + ", with input"),
            ("local:daemon(1)", "begins, with input"), ("local:daemon(1)", own + ", with input")])


if __name__ == "__main__":
    machine.main(lambda: unittest.main(verbosity=2))
