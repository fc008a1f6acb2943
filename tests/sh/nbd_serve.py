# SPDX-License-Identifier: MIT
"""What a client sees of exports: DIR holds the socket and the files of the script that asks; with names of tests only these."""
import os
import random
import ssl
import struct
import sys
import threading

from nbd_client import *

directory = sys.argv[1]
address = directory + "/socket"
MIB = 1 << 20


def _client(name, **how):
    return Client(address, tls=tls).negotiate(name, **how)


def flags_say_what_an_export_can():
    c = _client("disk", structured=True)
    assert c.flags == 0x0DED & ~16 | c.flags & 16, hex(c.flags)  # all but READ_ONLY; ROTATIONAL as it may be
    assert c.blocks == (1, 4096, 32 * MIB)
    c.disconnect()
    c = _client("ro")
    assert c.flags & ~16 == 0x0503, hex(c.flags)
    c.disconnect()
    if directory_is_direct:
        c = _client("direct")
        assert c.blocks[0] in (512, 4096) and not c.flags & 1 << 10
        c.disconnect()


def export_name_ends_the_handshake_at_once():
    c = Client(address, handshake=False)
    c.receive(18)
    c.send(struct.pack(">I", 1))
    c.option(EXPORT_NAME, b"ro")
    size, flags, zeroes = struct.unpack(">QH124s", c.receive(134))
    assert size == 1000001 and flags & 2 and zeroes == bytes(124)
    assert c.read(0, 100) == open(directory + "/ro", "rb").read(100)
    c.disconnect()


def what_is_written_is_read_at_any_offset():
    """Random writes, zeroes and reads, many of them unaligned, against a copy in memory."""
    for name in ["disk", "direct"] if directory_is_direct else ["disk"]:
        c, generator = _client(name, structured=name == "disk"), random.Random(7)
        c.write(0, bytes(MIB))
        model = bytearray(MIB)
        for _ in range(250):
            offset = generator.choice([generator.randrange(MIB), generator.randrange(256) * 4096])
            length = min(generator.choice([1, 7, 511, 512, 513, 4096, 70000, generator.randrange(1, 20000)]), MIB - offset)
            kind = generator.choice([READ, WRITE, WRITE, WRITE_ZEROES])
            if kind == WRITE:
                data = generator.randbytes(length)
                c.write(offset, data, generator.choice([0] * 19 + [FUA]))
                model[offset : offset + length] = data
            elif kind == WRITE_ZEROES:
                flags = generator.choice([0, NO_HOLE] * 9 + [FUA, NO_HOLE | FUA])
                assert c.do(WRITE_ZEROES, offset, length, flags)[0] == 0
                model[offset : offset + length] = bytes(length)
            else:
                assert c.read(offset, length) == model[offset : offset + length], (name, offset, length)
        assert c.read(0, MIB) == model, name
        assert c.do(FLUSH) == (0, b"")
        c.disconnect()


def halves_of_blocks_written_at_once_are_all_there():
    """Two connections write one half of each block each, with many in flight: neither undoes what the other wrote."""
    if not directory_is_direct:
        return
    n, block = 300, 512

    def half(which):
        c = _client("direct")
        for i in range(n):
            c.request(WRITE, 4 * MIB + i * block + which * 256, 256, 0, bytes([1 + which]) * 256)
        for i in range(n):
            assert c.answer()[1] == 0
        c.disconnect()

    threads = [threading.Thread(target=half, args=(i,)) for i in (0, 1)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    c = _client("direct")
    assert c.read(4 * MIB, n * block) == (b"\1" * 256 + b"\2" * 256) * n
    c.disconnect()


def zeroes_and_trims_keep_what_is_around_them():
    for name in ["disk", "direct"] if directory_is_direct else ["disk"]:
        c = _client(name)
        for kind, offset, length in [(TRIM, 1000, 5000), (WRITE_ZEROES, 1000, 5000), (TRIM, 10, 20), (WRITE_ZEROES, 10, 20)]:
            c.write(0, b"y" * 8192)
            assert c.do(kind, offset, length)[0] == 0
            assert c.read(0, offset) == b"y" * offset, (name, kind)
            assert c.read(offset + length, 8192 - offset - length) == b"y" * (8192 - offset - length), (name, kind)
            assert kind == TRIM or c.read(offset, length) == bytes(length), name
        assert c.do(WRITE_ZEROES, 1, 10, FAST_ZERO)[0] in (0, ENOTSUP)
        c.disconnect()


def holes_are_told_made_and_filled():
    c = _client("disk", allocation=True)
    c.do(TRIM, 8 * MIB, 4 * MIB)
    c.write(9 * MIB, b"x" * 65536)
    assert c.extents(8 * MIB, 2 * MIB) == [(MIB, 3), (65536, 0), (MIB - 65536, 3)]
    assert c.extents(8 * MIB + 5, 100) == [(100, 3)]
    assert c.extents(8 * MIB, 2 * MIB, REQ_ONE) == [(MIB, 3)]
    before = blocks_of(directory + "/disk")
    assert c.do(WRITE_ZEROES, 9 * MIB, 65536)[0] == 0
    assert blocks_of(directory + "/disk") == before - 128
    assert c.do(WRITE_ZEROES, 8 * MIB, 65536, NO_HOLE | FAST_ZERO)[0] in (0, ENOTSUP)
    assert c.do(WRITE_ZEROES, 8 * MIB, 65536, NO_HOLE)[0] == 0
    assert blocks_of(directory + "/disk") == before
    assert c.read(8 * MIB, 2 * MIB) == bytes(2 * MIB)
    assert c.do(TRIM, 8 * MIB, 4 * MIB, FUA)[0] == 0
    assert blocks_of(directory + "/disk") == before - 128
    c.disconnect()


def errors_are_those_of_the_protocol():
    c, size = _client("disk", allocation=True), 64 * MIB
    for kind, offset, length, flags, error in [
        (READ, size, 1, 0, EINVAL),
        (READ, size - 1, 2, 0, EINVAL),
        (READ, 2**64 - 1, 2, 0, EINVAL),
        (READ, 0, 0xFFFFFFFF, 0, EINVAL),
        (READ, 0, 0xFFFFFFFF, DF, EOVERFLOW),
        (READ, 0, 512, NO_HOLE, EINVAL),
        (READ, 0, 512, 1 << 15, EINVAL),
        (READ, 0, 512, DF, 0),
        (TRIM, size - 1, 2, 0, EINVAL),
        (WRITE_ZEROES, size - 1, 2, 0, ENOSPC),
        (WRITE_ZEROES, 0, 0xFFFFFFFF, 0, ENOSPC),
        (FLUSH, 0, 1, 0, EINVAL),
        (CACHE, 0, 4096, 0, 0),
        (CACHE, 1, size & 0xFFFFFFFF, 0, EINVAL),
        (BLOCK_STATUS, size, 1, 0, EINVAL),
        (99, 0, 0, 0, EINVAL),
        (0xFFFF, 2**63, 0xFFFFFFFF, 0xFFFF, EINVAL),
    ]:
        got = c.do(kind, offset, length, flags)[0]
        assert got == error, (kind, offset, length, flags, got)
    # The payload of a write that is refused is not taken for requests.
    assert c.do(WRITE, size - 1, 100000, 0, b"x" * 100000)[0] == ENOSPC
    assert c.do(WRITE, 0, 100, DF, b"x" * 100)[0] == EINVAL
    c.disconnect()
    c = _client("ro")
    assert c.do(WRITE, 0, 4096, 0, b"x" * 4096)[0] == EPERM
    assert c.do(TRIM, 0, 4096)[0] == EPERM
    assert c.do(WRITE_ZEROES, 0, 4096)[0] == EPERM
    assert c.do(BLOCK_STATUS, 0, 4096)[0] == EINVAL
    assert c.read(1000000, 1) == open(directory + "/ro", "rb").read()[-1:]
    c.disconnect()


def the_largest_block_goes_both_ways():
    c, data = _client("disk"), random.randbytes(MIB) * 32
    c.write(16 * MIB, data)
    assert c.read(16 * MIB, 32 * MIB) == data
    assert c.do(TRIM, 16 * MIB, 32 * MIB)[0] == 0
    c.disconnect()


def a_file_that_became_shorter_is_an_error_and_no_more():
    c = _client("short")
    assert c.size == 8192
    open(directory + "/short", "r+b").truncate(4096)
    assert c.do(READ, 4096, 4096)[0] == EIO
    assert c.do(READ, 0, 8192)[0] == EIO
    assert c.read(0, 4096) == b"s" * 4096
    c.disconnect()
    c = _client("short")
    assert c.size == 4096
    c.disconnect()


def a_flush_on_one_connection_follows_writes_on_others():
    a, b = _client("disk"), _client("disk")
    a.write(0, b"multi" * 100)
    assert b.do(FLUSH)[0] == 0
    assert b.read(0, 500) == b"multi" * 100
    a.disconnect()
    b.disconnect()


directory_is_direct, tls = sys.argv[2] == "direct", None
if os.path.exists(directory + "/ca-cert.pem"):
    tls = ssl.create_default_context(cafile=directory + "/ca-cert.pem")
run_all({name: globals()[name] for name in sys.argv[3:]} or dict(globals()))
