"""A fleet in an etcd of three members, which are killed, stopped for a while and started again: nobody is lost for that."""

import signal
import threading
import time
import unittest

import grpc

import machine
from etcd import EtcdCluster
from fleet_case import FLEET, LEASE, STATES, FleetTestCase
from machine import wait_for

READY = {"n1": "READY", "n2": "READY"}


class Watcher:
    """What somebody sees who watches the nodes by `node`: ["ADDED n1 READY", ...]"""

    def __init__(self, node):
        self.events = []
        self.call = node.api.call(FLEET, "WatchNodes", timeout=300)
        self.ended = None
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for response in self.call:
                types = response.DESCRIPTOR.fields_by_name["events"].message_type.enum_types_by_name["Type"].values_by_number
                for event in response.events:
                    if event.HasField("node"):
                        words = (types[event.type].name, event.node.name[6:], STATES.get(event.node.state, ""))
                        self.events.append(" ".join(words).strip())
            self.ended = "ended"
        except grpc.RpcError as error:
            self.ended = error.code()

    def alarms(self):
        return [event for event in self.events if "LOST" in event or "DELETED" in event]

    def close(self):
        self.call.cancel()
        self.thread.join()


class ClusterTest(FleetTestCase):
    @classmethod
    def start_etcd(cls):
        return EtcdCluster(cls.directory, cls.authority)

    def start_nodes(self, lease=LEASE):
        self.nodes = [self.node(name, lease=lease) for name in READY]
        self.converge(READY, *self.nodes)
        self.watchers = [Watcher(node) for node in self.nodes]
        for watcher in self.watchers:
            self.addCleanup(watcher.close)
            wait_for("the snapshot", lambda: len(watcher.events) == 2)
            watcher.events.clear()

    def stays_so_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for node in self.nodes:
                self.assertEqual(node.shown(), READY)
            time.sleep(0.05)

    def nobody_was_alarmed(self):
        for watcher in self.watchers:
            self.assertIsNone(watcher.ended)
            self.assertEqual(watcher.alarms(), [])

    def no_problems(self):
        return not any(node.problems() for node in self.nodes)

    def news_arrive(self, name):
        """A node comes and goes, and everybody sees so. The watchers forget."""
        late = self.node(name)
        self.converge({**READY, name: "READY"}, *self.nodes)
        late.end()
        self.converge(READY, *self.nodes)
        for watcher in self.watchers:
            wait_for("the watch's news", lambda: watcher.events[-1:] == ["DELETED %s" % name])
            self.assertEqual(watcher.events, ["ADDED %s READY" % name, "DELETED %s" % name])
            watcher.events.clear()

    def test_each_member_is_killed_in_turn(self):
        self.start_nodes()
        for member in self.etcd.members:
            member.kill()
            killed = time.monotonic()
            self.news_arrive("n3")
            print("a member killed: news arrive after %.1f s" % (time.monotonic() - killed))
            self.stays_so_for(2 * LEASE)
            self.assertTrue(self.no_problems())
            member.start()
        self.nobody_was_alarmed()

    def test_each_member_hangs_in_turn(self):
        # Renewing it takes longer while a member hangs.
        self.start_nodes(lease=10)
        for member in self.etcd.members:
            member.process.send_signal(signal.SIGSTOP)
            try:
                self.stays_so_for(12)
            finally:
                member.process.send_signal(signal.SIGCONT)
            # A leader that wakes up may end leases that were renewed meanwhile (mgmt/fleet/registry.h, kGrace).
            self.stays_so_for(3)
            wait_for("no problems", self.no_problems)
        self.nobody_was_alarmed()

    def test_two_members_are_killed(self):
        self.start_nodes()
        for member in self.etcd.members[:2]:
            member.kill()
        wait_for("the problem", lambda: all(any("can't reach etcd" in problem for problem in node.problems()) for node in self.nodes))
        for node in self.nodes:
            node.api.call(FLEET, "ListSessions", parent="nodes/-")
        self.stays_so_for(3 * LEASE)
        back = time.monotonic()
        for member in self.etcd.members[:2]:
            member.launch()
        for member in self.etcd.members[:2]:
            member.await_ready()
        wait_for("no problems", self.no_problems)
        print("two members back: no problem after %.1f s" % (time.monotonic() - back))
        self.stays_so_for(2 * LEASE)
        self.nobody_was_alarmed()
        self.news_arrive("n3")


if __name__ == "__main__":
    machine.main(lambda: unittest.main(verbosity=2))
