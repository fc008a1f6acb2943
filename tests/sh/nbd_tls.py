# SPDX-License-Identifier: MIT
"""lariat-nbd with --tls-verify-peer: DIR holds socket, certificates and keys; by SOCKET TLS is allowed, else required."""
import ssl
import struct
import sys

from nbd_client import *

directory = sys.argv[1]
address = directory + "/socket"


def _context(certificate=True):
    context = ssl.create_default_context(cafile=directory + "/ca-cert.pem")
    if certificate:
        context.load_cert_chain(directory + "/client-cert.pem", directory + "/client-key.pem")
    return context


def _begin():
    """A client that has been told to begin TLS."""
    c = Client(address)
    assert c.replies(STRUCTURED) == [(ERR + 5, b"")]
    assert c.replies(STARTTLS) == [(ACK, b"")]
    return c


def who_shows_a_certificate_is_served():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = _context()
        context.minimum_version = context.maximum_version = version
        c = Client(address, tls=context).negotiate("disk")
        c.write(1000, b"secret" * 10000)
        assert c.read(1000, 60000) == b"secret" * 10000
        c.disconnect()


def who_shows_none_is_not():
    c = Client(address)
    try:
        Client(address, tls=_context(certificate=False)).negotiate("disk")
        assert False, "it was served"
    except (ssl.SSLError, Closed, ConnectionError):
        pass
    c.close()


def nothing_is_told_before_tls():
    c = Client(address)
    assert c.replies(LIST) == [(ERR + 5, b"")]
    assert c.replies(GO, struct.pack(">I4sH", 4, b"disk", 0)) == [(ERR + 5, b"")]
    c.option(EXPORT_NAME, b"disk")
    assert c.is_closed()
    c.close()


def what_is_slipped_in_before_tls_ends_it():
    c = Client(address)
    start = struct.pack(">QII", IHAVEOPT, STARTTLS, 0)
    c.send(start + struct.pack(">QII", IHAVEOPT, LIST, 0))
    assert c.reply(STARTTLS) == (ACK, b"")
    assert c.is_closed()
    c.close()


def what_was_said_before_tls_is_forgotten():
    c = Client(sys.argv[2])
    assert c.replies(STRUCTURED) == [(ACK, b"")]
    assert c.replies(SET_META, struct.pack(">II", 0, 0)) == [(ACK, b"")]
    assert c.replies(STARTTLS) == [(ACK, b"")]
    c.socket = _context().wrap_socket(c.socket, server_hostname="localhost")
    assert c.replies(STARTTLS) == [(ERR + 3, b"")]
    assert c.replies(SET_META, struct.pack(">II", 0, 0)) == [(ERR + 3, b"")]
    c.negotiate("disk").disconnect()


def what_is_no_tls_ends_it():
    for junk in (b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 70000, struct.pack(">QII", IHAVEOPT, LIST, 0)):
        c = _begin()
        try:
            c.send(junk)
        except Closed:
            pass
        assert c.is_closed()
        c.close()
    _begin().close()


def a_record_that_was_changed_ends_it():
    c = Client(address, tls=_context()).negotiate("disk")
    raw = socket.socket(fileno=c.socket.detach())
    raw.settimeout(20)
    raw.sendall(b"\x17\x03\x03\x00\x40" + b"y" * 64)
    try:
        while raw.recv(65536):
            pass
    except ConnectionResetError:
        pass
    raw.close()


run_all(dict(globals()))
