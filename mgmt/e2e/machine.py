"""Sessions, agents and certificates for a test, on a machine of its own: as root with /run and /tmp that nobody else sees."""

import ctypes
import fcntl
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

DEADLINE = 40  # seconds; far beyond what is normal on a busy machine
MS_REC, MS_PRIVATE = 0x4000, 0x40000
CLONE_NEWNS = 0x20000


def program(variable):
    """The file that this variable names: a copy that every user may read and run, wherever Bazel has the original."""
    original = os.path.abspath(os.environ[variable])
    copy = os.path.join("/run/programs", os.path.basename(original))
    if not os.path.exists(copy):
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(original, copy)
        os.chmod(copy, 0o755)
    return copy


def make_private():
    """Before anything else in the process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
    for directory in (b"/run", b"/var/log", b"/var/lib"):
        if libc.mount(b"none", directory, b"tmpfs", 0, b"mode=755") != 0:
            raise OSError(ctypes.get_errno(), "mount")


def wait_for(what, condition):
    end = time.monotonic() + DEADLINE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited in vain for " + what)
        time.sleep(0.02)


class User:
    """One with a runtime directory."""

    def __init__(self, uid, name):
        self.uid, self.name = uid, name
        self.runtime = "/run/user/%d" % uid
        os.makedirs(self.runtime, exist_ok=True)
        os.chown(self.runtime, uid, uid)
        os.chmod(self.runtime, 0o700)

    def popen(self, arguments, **kwargs):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SHELL": "/bin/sh", "HOME": "/",
               "USER": self.name, "TERM": "xterm-256color", "MOSHD_SOCKET": "", "XDG_RUNTIME_DIR": self.runtime}
        env.update(kwargs.pop("env", {}))
        return subprocess.Popen(arguments, user=self.uid, group=self.uid, extra_groups=[self.uid], env=env, **kwargs)


class Session:
    """Of our mosh-server's, with our client attached, or stock's."""

    def __init__(self, user, command=("/bin/cat",), client=None):
        self.user = user
        self.client = client or program("MOSH_CLIENT")
        server = user.popen([program("MOSH_SERVER"), "new", "-i", "127.0.0.1", "-p", "61100:61999", "-c", "256", "--", *command],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        out, err = server.communicate(timeout=DEADLINE)
        lines = [line.split() for line in out.splitlines() if line.startswith("MOSH CONNECT")]
        if not lines:
            raise AssertionError("no session: %s %s" % (out, err))
        self.clients = []
        self.attach(lines[0][2], lines[0][3])

    def attach(self, port, key):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, 0x5414, b"\x18\x00\x50\x00\x00\x00\x00\x00")  # TIOCSWINSZ: 24 rows, 80 columns
        client = self.user.popen(["mosh-client", "127.0.0.1", str(port)], executable=self.client, stdin=slave,
                                 stdout=slave, stderr=slave, env={"MOSH_KEY": key}, start_new_session=True)
        os.close(slave)
        shown = []

        def read():
            try:
                while data := os.read(master, 65536):
                    shown.append(data)
            except OSError:
                pass

        threading.Thread(target=read, daemon=True).start()
        self.clients.append((client, master, shown))

    def type(self, text):
        os.write(self.clients[0][1], text.encode())

    def shows(self, text, client=0):
        """Whether the client's terminal has been sent these bytes."""
        return text.encode() in b"".join(self.clients[client][2])

    def close(self):
        for client, master, _ in self.clients:
            client.kill()
            client.wait()
            os.close(master)


class Agent:
    def __init__(self, directory, *arguments, user=None):
        self.socket = os.path.join(directory, "agent.sock")
        command = [program("MOSH_AGENT"), "--listen-unix", self.socket, *arguments]
        self.log = tempfile.TemporaryFile()
        if user is None:
            self.process = subprocess.Popen(command, stderr=self.log)
        else:
            self.process = user.popen(command, stderr=self.log)
        wait_for("the agent's socket", lambda: self.accepts() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError("the agent ended: " + self.stderr())

    def accepts(self):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(DEADLINE)
            if probe.connect_ex(self.socket) != 0:
                return False
            try:
                return probe.recv(1) != b""  # HTTP/2's settings. Nothing comes from a killed agent's that is still being closed.
            except OSError:
                return False

    def stderr(self):
        self.log.seek(0)
        return self.log.read().decode()

    def port(self):
        """Of --listen, where it was asked for any."""
        text = wait_for("the port", lambda: self.stderr() if "listens at port" in self.stderr() else None)
        return int(text.split("listens at port ")[1].split()[0])

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=DEADLINE)

    def close(self):
        self.stop()
        self.log.close()


class Authority:
    """Certificates, by the openssl program."""

    def __init__(self, directory):
        self.directory = directory
        self.crt, self.key, self.crl = (os.path.join(directory, "ca." + e) for e in ("crt", "key", "crl"))
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test authority",
                  "-days", "2", "-keyout", self.key, "-out", self.crt)
        self.config = os.path.join(directory, "ca.conf")
        self.index = os.path.join(directory, "index")
        open(self.index, "w").close()
        with open(self.config, "w") as file:
            file.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ndefault_md=sha256\ndefault_crl_days=1\n" % self.index)
        self.revoke(None)

    def _run(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def issue(self, name, san=None):
        """(certificate, key): paths."""
        base = os.path.join(self.directory, name)
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
                  "-keyout", base + ".key", "-out", base + ".csr")
        extensions = base + ".ext"
        with open(extensions, "w") as file:
            file.write("basicConstraints=CA:FALSE\n" + ("subjectAltName=%s\n" % san if san else ""))
        self._run("x509", "-req", "-in", base + ".csr", "-CA", self.crt, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                  "-extfile", extensions, "-out", base + ".crt")
        return base + ".crt", base + ".key"

    def revoke(self, certificate):
        common = ["ca", "-config", self.config, "-keyfile", self.key, "-cert", self.crt]
        if certificate:
            self._run(*common, "-revoke", certificate)
        self._run(*common, "-gencrl", "-out", self.crl + ".new")
        os.rename(self.crl + ".new", self.crl)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main(run):
    if os.geteuid() != 0:
        print("SKIPPED: this needs to be root, for users and a /run of its own")
        sys.exit(0)
    make_private()
    run()
