"""A program for a network and mount namespace of its own: each way to fail to connect, for real.

Run it under ``unshare --map-root-user --net --mount``; it prints what each request failed with, as
JSON: ``{"refused": ["ECONNREFUSED", "connect ECONNREFUSED ..."], ...}``. Nothing outside of the
namespace is touched or reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from pooltop.engine.agent import Agent
from pooltop.errors import RequestError

A, AAAA, ANY_CLASS = 1, 28, 1
NO_SUCH_NAME, SERVER_FAILED = 3, 2


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def settle() -> None:
    """Give the namespace a loopback, routes that lead nowhere, and a name server."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "route", "add", "unreachable", "198.51.100.0/24")
    run("ip", "route", "add", "prohibit", "203.0.113.0/24")
    Path("/proc/sys/net/ipv4/tcp_syn_retries").write_text("1")
    files = {
        "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
        "/etc/nsswitch.conf": "hosts: files dns\n",
        "/etc/hosts": "127.0.0.1 localhost\n",
    }
    for path, content in files.items():
        with tempfile.NamedTemporaryFile("w", delete=False) as ours:
            ours.write(content)
        run("mount", "--bind", ours.name, path)
        Path(ours.name).unlink()


def answer(query: bytes) -> bytes | None:
    """Answer one query of the DNS by what its name says; None for silence."""
    end = query.index(0, 12)
    name = query[13 : 13 + query[12]].decode()
    kind = int.from_bytes(query[end + 1 : end + 3], "big")
    question = query[12 : end + 5]
    records = b""
    code = 0
    if name == "silent":
        return None
    if name == "failing":
        code = SERVER_FAILED
    elif name != "ipv4-only":
        code = NO_SUCH_NAME
    elif kind == A:
        records = b"\xc0\x0c" + bytes([0, A, 0, ANY_CLASS, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1])
    counts = bytes([0, 1, 0, bool(records), 0, 0, 0, 0])
    return query[:2] + bytes([0x81, 0x80 | code]) + counts + question + records


def serve_names(sock: socket.socket) -> None:
    while True:
        query, peer = sock.recvfrom(512)
        reply = answer(query)
        if reply is not None:
            sock.sendto(reply, peer)


async def failure(url: str, **how: object) -> tuple[str, str]:
    async with Agent() as agent:
        try:
            await agent.request("GET", url, **how)
        except RequestError as error:
            return error.code, str(error)
    return "", "it succeeded"


async def failures() -> dict[str, tuple[str, str]]:
    with contextlib.ExitStack() as stack:

        def listening(backlog: int) -> int:
            sock = stack.enter_context(socket.socket())
            sock.bind(("127.0.0.1", 0))
            sock.listen(backlog)
            return int(sock.getsockname()[1])

        def hold(port: int) -> None:
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))

        full, crowded = listening(0), listening(100)
        for _ in range(4):
            hold(full)
        ways = {
            "no such name": failure("http://missing.test/"),
            "no address of the family": failure("http://ipv4-only.test/", family=6),
            "an address of the family": failure("http://ipv4-only.test:9/", family=4),
            "name server silent": failure("http://silent.test/"),
            "name server failing": failure("http://failing.test/"),
            "refused": failure("http://127.0.0.1:9/"),
            "no route": failure("http://192.0.2.1/"),
            "unreachable": failure("http://198.51.100.1/"),
            "prohibited": failure("http://203.0.113.1/"),
            "no answer": failure(f"http://127.0.0.1:{full}/"),
        }
        told = dict(zip(ways, await asyncio.gather(*ways.values()), strict=True))
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40001")
        for _ in range(2):
            hold(crowded)
        told["out of ports"] = await failure(f"http://127.0.0.1:{crowded}/")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        told["out of descriptors"] = await failure("http://127.0.0.1:9/")
        told["out of descriptors in the look-up"] = await failure("http://ipv4-only.test/")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return told


def main() -> None:
    settle()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as names:
        names.bind(("127.0.0.1", 53))
        threading.Thread(target=serve_names, args=(names,), daemon=True).start()
        json.dump(asyncio.run(failures()), sys.stdout)
        sys.stdout.flush()


main()
