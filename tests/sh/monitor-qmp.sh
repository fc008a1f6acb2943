# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# QEMU's QMP clients can talk to the control socket. Where Python has qemu.qmp (Debian 12 has no package of it) that is one of
# them; and always a client written here, which insists on what qemu.qmp, qmp-shell and qom-tree of QEMU's sources rely on:
# a greeting with the version that qmp-shell prints, one line for each message, negotiation by `enable` and without an id, an
# id in each reply to a command that had one, errors with class and desc, values set as strings, a tree that can be walked.
set -euo pipefail

builddir=${LARIAT_BUILDDIR:?}
"$builddir/tests/ring-probe" || exit $?
command -v python3 >/dev/null || { echo "SKIP: there is no python3"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/client.py" <<'END_OF_PYTHON'
import asyncio, json, sys

def must(condition, *what):
    if not condition:
        sys.exit("FAIL: " + " ".join(map(str, what)))

class Client:
    async def connect(self, path):
        self.reader, self.writer = await asyncio.open_unix_connection(path)
        self.events, self.n = [], 0
        self.greeting = (await self.receive())["QMP"]
        must(isinstance(self.greeting["version"], dict) and self.greeting["capabilities"] == [], "greeting", self.greeting)
        "{major}.{minor}.{micro}".format(**self.greeting["version"]["qemu"])
        await self.send({"execute": "qmp_capabilities", "arguments": {"enable": []}})
        reply = await self.receive()
        must(reply == {"return": {}}, "negotiation", reply)

    async def receive(self):
        line = await asyncio.wait_for(self.reader.readline(), 20)
        must(line.endswith(b"\n"), "no line:", line)
        return json.loads(line)

    async def send(self, message):
        self.writer.write(json.dumps(message).encode() + b"\r\n")
        await self.writer.drain()

    async def execute(self, command, **arguments):
        self.n += 1
        id = f"__client#{self.n:05d}"
        request = {"execute": command, "id": id}
        if arguments:
            request["arguments"] = {k.replace("_", "-"): v for k, v in arguments.items()}
        await self.send(request)
        while "event" in (reply := await self.receive()):
            self.events.append(reply)
        must(reply["id"] == id, "another id", reply)
        if "error" in reply:
            must(set(reply["error"]) == {"class", "desc"}, reply)
            must(all(type(v) is str for v in reply["error"].values()), reply)
        return reply

    async def command(self, command, **arguments):
        reply = await self.execute(command, **arguments)
        must("return" in reply, command, reply)
        return reply["return"]

    async def tree(self, path):
        items = await self.command("qom-list", path=path)
        paths = [path]
        for item in items:
            if item["type"].startswith("child<"):
                paths += await self.tree(f"{'' if path == '/' else path}/{item['name']}")
            else:
                await self.command("qom-get", path=path, property=item["name"])
        return paths

async def main(path):
    client = Client()
    await client.connect(path)
    names = [c["name"] for c in await client.command("query-commands")]
    must("query-iothreads" in names and "qom-set" in names, names)
    must("qemu" in await client.command("query-version"), "version")
    threads = await client.command("query-iothreads")
    must([t["id"] for t in threads] == ["io0", "io1"], threads)
    for key in "thread-id", "poll-max-ns", "poll-grow", "poll-shrink", "poll-weight", "aio-max-batch":
        must(type(threads[0][key]) is int, key)
    must(await client.tree("/") == ["/", "/objects", "/objects/io0", "/objects/io1"], "tree")
    await client.command("qom-set", path="/objects/io0", property="poll-max-ns", value="12345")
    must(await client.command("qom-get", path="/objects/io0", property="poll-max-ns") == 12345, "set")
    await client.command("object-add", qom_type="iothread", id="io2")
    await client.command("object-del", id="io2")
    reply = await client.execute("device_del", id="x")
    must(reply["error"]["class"] == "CommandNotFound", reply)
    while len(client.events) < 3:
        client.events.append(await client.receive())
    must([e["event"] for e in client.events] == ["POLL_PARAMS_CHANGED", "IOTHREAD_CREATED", "IOTHREAD_STOPPED"], client.events)
    must(all({"seconds", "microseconds"} == set(e["timestamp"]) for e in client.events), client.events)
    print("a client of our own: all as expected")

async def theirs(path):
    from qemu.qmp import QMPClient
    client = QMPClient("test")
    await client.connect(path)
    threads = await client.execute("query-iothreads")
    must(len(threads) == 2, threads)
    await client.disconnect()
    print("qemu.qmp: all as expected")

asyncio.run(main(sys.argv[1]))
try:
    import qemu.qmp
except ImportError:
    print("there is no qemu.qmp here")
else:
    asyncio.run(theirs(sys.argv[1]))
END_OF_PYTHON

coproc SERVER { exec "$builddir/tests/ctl-server" "$dir/socket" 1000 2000; }
server=$SERVER_PID
read -r -t 20 line <&"${SERVER[0]}" || line=
[ "$line" = ready ] || { echo "FAIL: the server says '$line'"; exit 1; }
status=0
python3 "$dir/client.py" "$dir/socket" || status=1

# What a person types into nc or socat: a reply for each line, also when the input ends.
if command -v socat >/dev/null; then
    lines=$(printf '%s\n' '{"execute":"qmp_capabilities"}' '{"execute":"query-version"}' | socat -t 20 - "UNIX-CONNECT:$dir/socket" | wc -l)
    [ "$lines" = 3 ] || { echo "FAIL: socat got $lines lines"; status=1; }
fi
input=${SERVER[1]}
exec {input}>&-
wait "$server" || { echo "FAIL: the server ended with $?"; status=1; }
[ ! -e "$dir/socket" ] || { echo "FAIL: the socket stayed behind"; status=1; }
exit $status
