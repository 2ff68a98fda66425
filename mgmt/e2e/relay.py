"""relay.py PATH TARGET UID: passes connections to the Unix socket PATH on to TARGET, as the user UID."""

import os
import socket
import sys
import threading

path, target, uid = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
os.setgroups([])
os.setgid(int(uid))
os.setuid(int(uid))


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


while True:
    near, _ = listener.accept()
    far = socket.socket(socket.AF_UNIX)
    far.connect(target)
    for pair in ((near, far), (far, near)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
