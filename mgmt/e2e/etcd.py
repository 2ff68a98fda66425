"""An etcd for a test, of one member or several, with TLS; members can be killed and started again."""

import os
import random
import shutil
import signal
import socket
import subprocess

from machine import DEADLINE, wait_for


def find_etcd():
    """Where tools/bazel has unpacked it, or where it is installed."""
    path = os.pathsep.join([os.environ.get("MOSH_TEST_TOOLS", "") + "/usr/bin", os.environ["PATH"], "/usr/bin"])
    found = shutil.which("etcd", path=path)
    if found is None:
        raise AssertionError("etcd is missing: run the test by tools/bazel, which unpacks it, or apt-get install etcd-server")
    return found


handed_out = set()


def free_ports(count):
    """Ports that nobody has now, nor is given by the kernel for a connection before they are used: members of a cluster connect at once."""
    ports = []
    while len(ports) < count:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            if port in handed_out or probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
        handed_out.add(port)
        ports.append(port)
    return ports


class Etcd:
    """One member. `authority` signs its certificate and those of its clients, who must have one. `peers`: the ports at which a cluster's
    members, by name, find each other; this one is alone without."""

    def __init__(self, directory, authority, name="e", peers=None):
        self.certificate, self.key = authority.issue("etcd-" + name, san="IP:127.0.0.1")
        self.endpoint = "127.0.0.1:%d" % free_ports(1)[0]
        peers = peers or {name: free_ports(1)[0]}
        peer = "http://127.0.0.1:%d" % peers[name]
        self.command = [find_etcd(), "--name", name, "--data-dir", os.path.join(directory, "etcd-" + name), "--logger", "zap",
                        "--listen-client-urls", "https://" + self.endpoint, "--advertise-client-urls", "https://" + self.endpoint,
                        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                        "--initial-cluster", ",".join("%s=http://127.0.0.1:%d" % member for member in peers.items()),
                        "--cert-file", self.certificate, "--key-file", self.key,
                        "--trusted-ca-file", authority.crt, "--client-cert-auth",
                        "--heartbeat-interval", "50", "--election-timeout", "500"]
        self.log = os.path.join(directory, "etcd-%s.log" % name)
        self.process = None
        self.launch()
        # Of a cluster none is ready before the others have been launched.
        if len(peers) == 1:
            self.await_ready()

    def launch(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def await_ready(self):
        wait_for("etcd's port", lambda: self.accepts() or self.process.poll() is not None)
        if self.process.poll() is not None:
            with open(self.log) as log:
                raise AssertionError("etcd ended: " + log.read()[-2000:])

    def start(self):
        self.launch()
        self.await_ready()

    def accepts(self):
        with socket.socket() as probe:
            host, port = self.endpoint.split(":")
            return probe.connect_ex((host, int(port))) == 0

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=DEADLINE)


class EtcdCluster:
    """Of three members."""

    def __init__(self, directory, authority):
        names = ("a", "b", "c")
        peers = dict(zip(names, free_ports(len(names))))
        self.members = [Etcd(directory, authority, name, peers) for name in names]
        for member in self.members:
            member.await_ready()
        self.endpoint = ",".join(member.endpoint for member in self.members)

    def kill(self):
        for member in self.members:
            member.kill()
