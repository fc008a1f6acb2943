# SPDX-License-Identifier: MIT
"""Servers that come and go: DIR holds the files, SERVER is the program."""
import errno
import fcntl
import os
import resource
import signal
import socket
import subprocess
import sys
import termios
import time

from nbd_client import *

directory, program = sys.argv[1:3]
address = directory + "/socket"
pid_file = directory + "/pid"
started = []


def _started(*arguments, **how):
    started.append(subprocess.Popen(*arguments, **how))
    return started[-1]


class _Server:
    """A server with these arguments, as a context; SIGTERM ends it, by default with 0."""

    def __init__(self, *arguments, **how):
        self.log = open(directory + "/log", "w+")
        self.process = _started(
            [program, "--pid-file=" + pid_file, "--socket=" + address, "--iothreads=2", *arguments], stderr=self.log, **how
        )

    def __enter__(self):
        _wait(lambda: os.path.exists(pid_file) or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        status = self.process.wait(20)
        assert kind or status == 0, (status, self.said())

    def said(self):
        return open(directory + "/log").read()

    def signal(self, number):
        self.process.send_signal(number)


def _wait(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def _nobody_listens():
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(address) == errno.ECONNREFUSED


def _client(name="disk", **how):
    return Client(address).negotiate(name, **how)


def _export(name="disk", rest=""):
    return f"--export=name={name},path={directory}/{name}{rest}"


def what_was_acknowledged_survives_client_and_server():
    """A client is killed in the middle of its writes, the server ended and started: all that was acknowledged is there."""
    ours, theirs = os.pipe()
    with _Server(_export()):
        child = os.fork()
        if not child:
            c = _client()
            for i in range(10000):
                c.request(WRITE, i * 512, 512, 0, i.to_bytes(4, "big") * 128)
                if i >= 16:
                    c.answer()
                    os.write(theirs, b".")
        os.close(theirs)
        n = len(os.read(ours, 200))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while True:
            part = os.read(ours, 65536)
            if not part:
                break
            n += len(part)
        c = _client()
        assert c.do(FLUSH)[0] == 0
        c.disconnect()
    with _Server(_export()):
        c = _client()
        there = sum(c.read(i * 512, 512) == i.to_bytes(4, "big") * 128 for i in range(n + 16))
        assert n > 0 and there >= n, (there, n)
        c.disconnect()


def _wait_until_received(c):
    """Until the server has taken all that was sent."""
    _wait(lambda: fcntl.ioctl(c.socket, termios.TIOCOUTQ, bytes(4)) == bytes(4))


def the_end_answers_what_was_asked_before():
    """All that the server has received when the signal comes is carried out and answered."""
    with _Server(_export()) as server:
        c = _client()
        for i in range(100):
            c.request(WRITE, i * 4096, 4096, 0, bytes([i + 1]) * 4096)
        _wait_until_received(c)
        server.signal(signal.SIGTERM)
        cookies = set(range(c.cookie - 99, c.cookie + 1))
        while cookies:
            cookie, error, _ = c.answer()
            assert error == 0
            cookies.remove(cookie)
        assert c.is_closed()
        assert server.process.wait(20) == 0
        c.close()
    with open(directory + "/disk", "rb") as disk:
        assert all(disk.read(4096) == bytes([i + 1]) * 4096 for i in range(100))


def the_end_waits_for_nobody_who_takes_nothing():
    with _Server(_export(), "--shutdown-timeout=200ms") as server:
        c = _client()
        for i in range(16):
            c.request(READ, 0, 1 << 20)
        _wait_until_received(c)
        server.signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
        assert "took too long" in server.said()
        c.close()


def a_second_signal_ends_it_at_once():
    with _Server(_export(), "--shutdown-timeout=100") as server:
        c = _client()
        for i in range(16):
            c.request(READ, 0, 1 << 20)
        _wait_until_received(c)
        server.signal(signal.SIGTERM)
        _wait(lambda: "ending" in server.said())
        server.signal(signal.SIGINT)
        assert server.process.wait(20) == 0
        c.close()


def who_waits_too_long_is_cut_off():
    with _Server(_export(), "--handshake-timeout=100ms") as server:
        c = Client(address, handshake=False)
        assert c.is_closed()
        c.close()
        _wait(lambda: "its handshake took too long" in server.said())
    with _Server(_export(), "--idle-timeout=100ms") as server:
        c = _client()
        assert c.is_closed()
        c.close()
        _wait(lambda: "idle for too long" in server.said())


def more_clients_than_allowed_wait():
    with _Server(_export(), "--max-connections=1"):
        first, second = _client(), Client(address, handshake=False)
        second.socket.settimeout(0.1)
        try:
            second.receive(18)
            assert False, "both were served"
        except socket.timeout:
            pass
        first.disconnect()
        second.socket.settimeout(20)
        assert second.receive(8) == b"NBDMAGIC"
        second.close()


def without_descriptors_clients_wait():
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    with _Server(_export(), "--quiet", preexec_fn=limit) as server:
        clients = [socket.socket(socket.AF_UNIX) for _ in range(60)]
        [c.connect(address) for c in clients]
        _wait(lambda: "cannot accept" in server.said())
        [c.close() for c in clients]
        c = _client()
        assert len(c.read(0, 512)) == 512
        c.disconnect()


def sighup_reads_the_exports_again():
    listed, other = directory + "/exports", directory + "/other"
    with open(other, "wb") as file:
        file.truncate(8192)

    def write(*lines):
        with open(listed, "w") as file:
            file.write("\n".join(lines))

    write("# a comment", "", f"name=a,path={directory}/disk", f"  name=b,path={other}")
    with _Server("--export-file=" + listed) as server:
        a, b = _client("a"), _client("b")
        os.truncate(other, 16384)
        write(f"name=b,path={other}", f"name=c,path={directory}/disk,readonly")
        server.signal(signal.SIGHUP)
        _wait(lambda: "read again: there are 2" in server.said())
        assert len(a.read(0, 512)) == 512  # who is there stays
        assert b.size == 8192
        for client, name, size in [(Client(address), "b", 16384), (Client(address), "c", 16 << 20)]:
            assert client.negotiate(name).size == size
            client.disconnect()
        c = Client(address)
        assert c.replies(GO, b"\0\0\0\1a\0\0") == [(ERR + 6, b"")]
        write("name=x,path=/nonexistent")
        server.signal(signal.SIGHUP)
        _wait(lambda: "stay as they are" in server.said())
        assert c.negotiate("b").size == 16384
        [x.disconnect() for x in (a, b, c)]


def a_socket_may_come_from_systemd():
    listening = socket.socket(socket.AF_INET6)
    listening.bind(("::1", 0))
    listening.listen()

    arguments = [program, "--pid-file=" + pid_file, _export()]
    server = _started(
        ["sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", *arguments],
        stderr=open(directory + "/log", "w"),
        preexec_fn=lambda: os.dup2(listening.fileno(), 3),
        pass_fds=(3,),
    )
    _wait(lambda: os.path.exists(pid_file) or server.poll() is not None)
    c = Client(listening.getsockname()[:2]).negotiate("disk")
    assert len(c.read(0, 4096)) == 4096
    c.disconnect()
    server.terminate()
    assert server.wait(20) == 0


def each_connection_has_one_line_in_the_log_and_requests_have_none():
    with _Server(_export(), "--listen=127.0.0.1:0", "--listen=[::1]:0") as server:
        for i in range(3):
            c = _client()
            [c.read(0, 512) for _ in range(i)]
            c.write(0, b"x" * 100)
            c.disconnect()
        _wait(lambda: server.said().count("it disconnected") == 3)
        assert "2 reads (1024 bytes), 1 writes (100 bytes)" in server.said()
        server.signal(signal.SIGUSR1)
        _wait(lambda: "export 'disk': 3 connections, 3 reads (1536 bytes), 3 writes (300 bytes)" in server.said())
        lines = server.said().splitlines()
        assert len(lines) == 3 + 3 + 1, lines
        for line in lines[:3]:
            assert line.startswith("lariat-nbd: listening on "), line


def the_socket_is_the_owners_and_a_stale_one_is_replaced():
    server = _Server(_export()).__enter__()
    assert os.stat(address).st_mode & 0o777 == 0o600
    again = subprocess.run([program, _export(), "--socket=" + address], stderr=subprocess.PIPE, timeout=20)
    assert again.returncode == 1 and b"somebody listens" in again.stderr
    server.process.kill()
    server.process.wait()
    os.unlink(pid_file)
    _wait(_nobody_listens)
    assert os.path.exists(address)
    with _Server(_export()):
        _client().disconnect()


try:
    run_all(dict(globals()))
finally:
    [process.kill() for process in started if process.poll() is None]
