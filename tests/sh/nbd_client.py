# SPDX-License-Identifier: MIT
"""A client of the NBD protocol for the tests of lariat-nbd, that may say anything, and believes nothing."""
import os
import random
import socket
import struct

NBDMAGIC, IHAVEOPT, REPLY = 0x4E42444D41474943, 0x49484156454F5054, 0x0003E889045565A9
EXPORT_NAME, ABORT, LIST, STARTTLS, INFO, GO, STRUCTURED, LIST_META, SET_META = 1, 2, 3, 5, 6, 7, 8, 9, 10
ACK, ERR = 1, 1 << 31
READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS = range(8)
FUA, NO_HOLE, DF, REQ_ONE, FAST_ZERO = 1, 2, 4, 8, 16
EPERM, EIO, EINVAL, ENOSPC, EOVERFLOW, ENOTSUP = 1, 5, 22, 28, 75, 95


class Closed(Exception):
    """The server has closed the connection."""


class Client:
    def __init__(self, address, handshake=True, tls=None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(address)
        self.cookie = random.getrandbits(63)
        self.structured = False
        if handshake:
            magic, opt, self.server_flags = struct.unpack(">QQH", self.receive(18))
            assert (magic, opt) == (NBDMAGIC, IHAVEOPT)
            self.send(struct.pack(">I", 3))
        if handshake and tls:
            assert self.replies(STARTTLS) == [(ACK, b"")]
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def receive(self, n):
        data = bytearray()
        while len(data) < n:
            try:
                part = self.socket.recv(min(n - len(data), 1 << 20))
            except ConnectionResetError as error:
                raise Closed from error
            if not part:
                raise Closed
            data += part
        return bytes(data)

    def is_closed(self):
        """True when the server has closed; whatever it said before is thrown away."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def close(self):
        self.socket.close()

    def option(self, option, data=b""):
        self.send(struct.pack(">QII", IHAVEOPT, option, len(data)) + data)

    def reply(self, option):
        magic, to, kind, n = struct.unpack(">QIII", self.receive(20))
        assert magic == REPLY and to == option, (hex(magic), to)
        return kind, self.receive(n)

    def replies(self, option, data=b""):
        """All replies to the option, of which the last one is no piece of information."""
        self.option(option, data)
        got = []
        while not got or got[-1][0] not in (ACK,) and got[-1][0] < ERR:
            got.append(self.reply(option))
        return got

    def negotiate(self, name="", structured=False, allocation=False):
        text = struct.pack(">I", len(name)) + name.encode()
        if structured or allocation:
            assert self.replies(STRUCTURED) == [(ACK, b"")]
            self.structured = True
        if allocation:
            query = b"base:allocation"
            got = self.replies(SET_META, text + struct.pack(">II", 1, len(query)) + query)
            assert len(got) == 2 and got[0][1][4:] == query
        got = self.replies(GO, text + struct.pack(">H", 0))
        assert got[-1][0] == ACK, got
        for _, data in got:
            if data[:2] == b"\0\0":
                self.size, self.flags = struct.unpack(">QH", data[2:])
            elif data[:2] == b"\0\3":
                self.blocks = struct.unpack(">III", data[2:])
        return self

    def request(self, kind, offset=0, length=0, flags=0, data=b"", magic=0x25609513):
        """Say it; returns the cookie."""
        self.cookie = (self.cookie + 1) % (1 << 64)
        self.send(struct.pack(">IHHQQI", magic, flags, kind, self.cookie, offset, length) + data)
        return self.cookie

    def answer(self, lengths=None):
        """One reply: (cookie, error, data). lengths: of reads by their cookie, for simple replies."""
        magic = struct.unpack(">I", self.receive(4))[0]
        if magic == 0x67446698:
            error, cookie = struct.unpack(">IQ", self.receive(12))
            return cookie, error, self.receive(lengths.get(cookie, 0)) if lengths and not error else b""
        assert magic == 0x668E33EF, hex(magic)
        flags, kind, cookie, n = struct.unpack(">HHQI", self.receive(16))
        data = self.receive(n)
        assert flags == 1, "more than one chunk"
        if kind & 0x8000:
            error, n_message = struct.unpack(">IH", data[:6])
            assert n == 6 + n_message
            return cookie, error, b""
        return cookie, 0, data

    def do(self, kind, offset=0, length=0, flags=0, data=b""):
        """One request and its reply: (error, data), or what a read was told."""
        cookie = self.request(kind, offset, length, flags, data)
        got, error, data = self.answer({cookie: length} if kind == READ else None)
        assert got == cookie
        if kind == READ and self.structured and not error:
            assert struct.unpack(">Q", data[:8])[0] == offset
            data = data[8:]
        return error, data

    def read(self, offset, length):
        error, data = self.do(READ, offset, length)
        assert error == 0 and len(data) == length, (error, len(data))
        return data

    def write(self, offset, data, flags=0):
        assert self.do(WRITE, offset, len(data), flags, data)[0] == 0

    def extents(self, offset, length, flags=0):
        error, data = self.do(BLOCK_STATUS, offset, length, flags)
        assert error == 0 and struct.unpack(">I", data[:4])[0] == 1
        return [struct.unpack(">II", data[i : i + 8]) for i in range(4, len(data), 8)]

    def disconnect(self):
        self.request(DISC)
        assert self.is_closed()
        self.close()


def run_all(tests):
    """Run the functions whose names begin with an underscore-free word, in their order; say which one fails."""
    for name, test in list(tests.items()):
        if callable(test) and getattr(test, "__module__", "") == "__main__" and not name.startswith("_"):
            try:
                test()
            except BaseException:
                print(f"FAIL: {name}", flush=True)
                raise
            print(f"ok: {name.replace('_', ' ')}", flush=True)


def blocks_of(path):
    return os.stat(path).st_blocks
