"""An etcd for a test: of one member, with TLS, that can be killed and started again."""

import os
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


def free_ports(count):
    """Ports that nobody has now."""
    sockets = [socket.socket() for _ in range(count)]
    for probe in sockets:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in sockets]
    for probe in sockets:
        probe.close()
    return ports


class Etcd:
    """`authority` signs its certificate and those of its clients, who must have one."""

    def __init__(self, directory, authority):
        self.directory, self.authority = directory, authority
        self.certificate, self.key = authority.issue("etcd", san="IP:127.0.0.1")
        client, peer = free_ports(2)
        self.endpoint = "127.0.0.1:%d" % client
        self.command = [find_etcd(), "--name", "e", "--data-dir", os.path.join(directory, "etcd"), "--logger", "zap",
                        "--listen-client-urls", "https://" + self.endpoint, "--advertise-client-urls", "https://" + self.endpoint,
                        "--listen-peer-urls", "http://127.0.0.1:%d" % peer,
                        "--initial-advertise-peer-urls", "http://127.0.0.1:%d" % peer,
                        "--initial-cluster", "e=http://127.0.0.1:%d" % peer,
                        "--cert-file", self.certificate, "--key-file", self.key,
                        "--trusted-ca-file", authority.crt, "--client-cert-auth",
                        "--heartbeat-interval", "50", "--election-timeout", "500"]
        self.log = os.path.join(directory, "etcd.log")
        self.process = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        wait_for("etcd's port", lambda: self.accepts() or self.process.poll() is not None)
        if self.process.poll() is not None:
            with open(self.log) as log:
                raise AssertionError("etcd ended: " + log.read()[-2000:])

    def accepts(self):
        with socket.socket() as probe:
            host, port = self.endpoint.split(":")
            return probe.connect_ex((host, int(port))) == 0

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=DEADLINE)
