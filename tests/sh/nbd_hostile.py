# SPDX-License-Identifier: MIT
"""What no client should do, and what the server makes of it. DIR holds the socket; PID is the server's."""
import os
import socket
import struct
import sys
import threading
import time

from nbd_client import *

directory, pid = sys.argv[1], int(sys.argv[2])
address = directory + "/socket"


def _client(**how):
    return Client(address).negotiate("disk", **how)


def _answers_others():
    c = _client()
    assert len(c.read(0, 4096)) == 4096
    c.disconnect()


def _descriptors():
    return len(os.listdir(f"/proc/{pid}/fd"))


def _memory_kib():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def a_handshake_cut_off_anywhere_is_forgotten():
    name = struct.pack(">I4sH", 4, b"disk", 0)
    whole = struct.pack(">IQII", 3, IHAVEOPT, GO, len(name)) + name
    for n in range(len(whole)):
        c = Client(address, handshake=False)
        c.send(whole[:n])
        c.close()
    _answers_others()


def a_handshake_that_makes_no_sense_is_cut_off():
    for said in [
        b"\xff" * 4,
        struct.pack(">I", 4),
        struct.pack(">IQII", 3, IHAVEOPT + 1, LIST, 0),
        struct.pack(">IQII", 3, IHAVEOPT, INFO, 0xFFFFFFFF),
        struct.pack(">IQII", 3, IHAVEOPT, EXPORT_NAME, 4097),
        struct.pack(">IQII", 3, IHAVEOPT, EXPORT_NAME, 4) + b"none",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ]:
        c = Client(address, handshake=False)
        c.send(said)
        assert c.is_closed(), said
        c.close()


def an_option_too_long_is_refused_and_passed_over():
    c = Client(address)
    c.option(INFO, bytes(500000))
    assert c.reply(INFO) == (ERR + 9, b"")
    assert c.replies(77, bytes(8000)) == [(ERR + 1, b"")]
    assert c.negotiate("disk").size == 16 << 20
    c.disconnect()


def two_thousand_options_are_answered():
    c = Client(address)
    data = struct.pack(">QII", IHAVEOPT, LIST, 0) * 2000
    sender = threading.Thread(target=c.send, args=(data,))
    sender.start()
    for _ in range(2000):
        assert c.reply(LIST)[0] == 2
        assert c.reply(LIST)[0] == ACK
    sender.join()
    c.close()


def a_handshake_byte_by_byte_is_one():
    c = Client(address, handshake=False)
    name = struct.pack(">I4sH", 4, b"disk", 0)
    c.receive(18)
    for byte in struct.pack(">IQII", 3, IHAVEOPT, GO, len(name)) + name:
        c.send(bytes([byte]))
    assert c.reply(GO)[0] == 3
    c.close()


def requests_byte_by_byte_are_requests():
    c = _client()
    for request in [
        struct.pack(">IHHQQI", 0x25609513, 0, WRITE, 1, 0, 5) + b"bytes",
        struct.pack(">IHHQQI", 0x25609513, 0, READ, 2, 0, 5),
    ]:
        for byte in request:
            c.send(bytes([byte]))
        assert c.answer({2: 5}) in ((1, 0, b""), (2, 0, b"bytes"))
    c.disconnect()


def without_the_magic_number_it_is_over():
    c = _client()
    c.request(READ, 0, 512, magic=0x25609514)
    assert c.is_closed()
    c.close()


def a_write_longer_than_the_largest_block_is_over():
    for length in (0xFFFFFFFF, (32 << 20) + 1):
        c = _client()
        c.request(WRITE, 0, length)
        assert c.is_closed()
        c.close()


def a_payload_cut_off_is_not_written():
    c = _client()
    c.write(0, b"a" * 65536)
    c.request(WRITE, 0, 65536, 0, b"b" * 40000)
    c.close()
    c = _client()
    assert c.read(0, 65536) == b"a" * 65536
    c.disconnect()


def ten_thousand_requests_at_once_are_answered_once_each():
    for structured in (False, True):
        c = _client(structured=structured)
        n, first = 10000, c.cookie + 1
        data = b"".join(struct.pack(">IHHQQI", 0x25609513, 0, READ, first + i, i * 512, 512) for i in range(n))
        sender = threading.Thread(target=c.send, args=(data,))
        sender.start()
        lengths = {first + i: 512 for i in range(n)}
        for _ in range(n):
            cookie, error, _ = c.answer(lengths)
            assert error == 0
            del lengths[cookie]
        sender.join()
        c.disconnect()


def who_does_not_take_replies_costs_no_more_than_the_limit():
    before, clients = _memory_kib(), []
    for _ in range(4):
        c = _client()
        c.socket.settimeout(0.05)
        try:
            while True:
                c.send(struct.pack(">IHHQQI", 0x25609513, 0, READ, 1, 0, 4 << 20) * 50)
        except socket.timeout:
            clients.append(c)
    # --max-memory=8m for each, and what the loops keep of buffers
    assert _memory_kib() < before + 4 * 8 * 1024 + 2 * 16 * 1024 + 8 * 1024, (before, _memory_kib())
    for c in clients:
        c.close()
    _answers_others()


def who_goes_with_requests_in_flight_takes_nobody_along():
    for i in range(30):
        c = Client(("127.0.0.1", int(sys.argv[3]))).negotiate("disk")
        for j in range(100):
            c.request(READ, j * 4096, 65536)
        if i % 2:
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.close()
    _answers_others()


def nothing_is_left_behind():
    end = time.monotonic() + 15
    while _descriptors() > n_descriptors and time.monotonic() < end:
        time.sleep(0.02)
    assert _descriptors() <= n_descriptors, (_descriptors(), n_descriptors)


_answers_others()
time.sleep(0.05)
n_descriptors = _descriptors() + 1  # a connection that is just going
run_all(dict(globals()))
