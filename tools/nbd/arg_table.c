/* SPDX-License-Identifier: MIT */
#include "args.h"

#define AT(member) offsetof(struct nbd_args, member)

const struct option_row option_table[] = {
    { "export", OPTION_TEXTS, AT(exports), "SPEC",
      "serve a file or block device: name=NAME,path=FILE[,readonly][,direct][,cache=none|writeback][,description=TEXT][,force]; "
      "may be repeated" },
    { "export-file", OPTION_TEXT, AT(export_file), "FILE",
      "serve what the lines of FILE say, a SPEC each; SIGHUP reads it again" },
    { "cache", OPTION_CHOICE, AT(cache), "writeback|none",
      "through the page cache (default), or past it by O_DIRECT, for exports that do not say" },
    { "socket", OPTION_TEXTS, AT(sockets), "PATH", "listen on a UNIX socket, made with mode 0600; may be repeated" },
    { "listen", OPTION_TEXTS, AT(listens), "ADDR[:PORT]",
      "listen on TCP, IPv4 or [IPv6], port 10809 if none is given; may be repeated" },
    { "tls", OPTION_CHOICE, AT(tls), "off|allowed|required", "whether clients may or must encrypt (default off)" },
    { "tls-certificates", OPTION_TEXT, AT(tls_certificates), "DIR",
      "the server's certificate and key: DIR/server-cert.pem and DIR/server-key.pem" },
    { "tls-verify-peer", OPTION_FLAG, AT(tls_verify), NULL,
      "clients must show a certificate of the authority in DIR/ca-cert.pem" },
    { "tls-psk", OPTION_TEXT, AT(tls_psk), "FILE", "keys that users and the server share, a line USER:KEY each" },
    { "iothread", OPTION_TEXTS, AT(iothreads), "id=ID,PROPERTY=VALUE...",
      "serve connections from an iothread with these properties (lariat-iothread(7)); may be repeated" },
    { "iothreads", OPTION_COUNT, AT(n_iothreads), "N",
      "serve connections from N iothreads, nbd0 and on (default: one per CPU, at most 4)" },
    { "monitor", OPTION_TEXT, AT(monitor), "PATH", "open a control socket there, for lariat-ctl(1)" },
    { "max-connections", OPTION_COUNT, AT(max_connections), "N",
      "serve no more clients at once: others wait (default 1024)" },
    { "max-requests", OPTION_COUNT, AT(max_requests), "N", "requests of one connection in flight (default 256)" },
    { "max-memory", OPTION_BYTES, AT(max_memory), "SIZE", "their buffers, for one connection (default 64m)" },
    { "handshake-timeout", OPTION_SECONDS, AT(handshake_ns), "SECONDS", "how long a handshake may take (default 10)" },
    { "idle-timeout", OPTION_SECONDS, AT(idle_ns), "SECONDS",
      "close connections on which nothing happens for so long (default 0: never)" },
    { "shutdown-timeout", OPTION_SECONDS, AT(shutdown_ns), "SECONDS",
      "how long clients have to take their last replies after SIGTERM (default 10)" },
    { "pid-file", OPTION_TEXT, AT(pid_file), "FILE", "write the process id there, once clients can connect" },
    { "quiet", OPTION_FLAG, AT(quiet), NULL, "log nothing but what goes wrong" },
    { "help", OPTION_FLAG, AT(help), NULL, "say what there is" },
    { "version", OPTION_FLAG, AT(version), NULL, "print the version" },
    { NULL, OPTION_FLAG, 0, NULL, NULL },
};
