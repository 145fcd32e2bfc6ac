"""A program for a network and mount namespace of its own: what leaves without consent, counted.

Run it under ``unshare --map-root-user --net --mount``. Every route leads to the loopback
interface, the name server's too, and nothing else is on it: whatever is sent anywhere is counted
there. Prints as JSON the exit status, the packets and the words of each way to start pooltop.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

PROFILE = """\
[agents.a]
timeouts = {{ total = "200ms" }}
[workloads.w]
agent = "a"
base_url = "http://{host}:80"
rate = "20/s"
max_requests = 3
"""


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def settle() -> None:
    run("ip", "link", "set", "lo", "up")
    run("ip", "route", "add", "default", "dev", "lo")
    with tempfile.NamedTemporaryFile("w", delete=False) as ours:
        ours.write("nameserver 198.51.100.53\noptions timeout:1 attempts:1\n")
    run("mount", "--bind", ours.name, "/etc/resolv.conf")
    Path(ours.name).unlink()
    with tempfile.NamedTemporaryFile("w", delete=False) as ours:
        ours.write("169.254.169.254 rebound.test\n")
    run("mount", "--bind", ours.name, "/etc/hosts")
    Path(ours.name).unlink()


def packets() -> int:
    """Give how many were sent through the loopback interface, where all routes lead."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, numbers = line.partition(":")
        if name.strip() == "lo":
            return int(numbers.split()[9])
    raise AssertionError("no loopback")


def started(host: str, *more: str, typed: str | None = None) -> tuple[int, int, str]:
    """Start pooltop; give its exit status, the packets that left, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.toml"
        path.write_text(PROFILE.format(host=host))
        words = [sys.executable, "-m", "pooltop", "--profile", str(path), "--headless", *more]
        before = packets()
        if typed is None:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            return done.returncode, packets() - before, done.stderr
        side, other = pty.openpty()
        with contextlib.ExitStack() as stack:
            stack.callback(os.close, side)
            program = subprocess.Popen(words, stdin=other, stdout=subprocess.DEVNULL, stderr=other)
            os.close(other)
            os.write(side, typed.encode())
            said = b""
            with contextlib.suppress(OSError):  # the program has closed its side
                while chunk := os.read(side, 4096):
                    said += chunk
            return program.wait(), packets() - before, said.decode()


def main() -> None:
    settle()
    json.dump(
        {
            "no terminal, an address": started("192.0.2.7"),
            "no terminal, a name": started("shop.test"),
            "no terminal, a private address": started("10.1.2.3"),
            "said no": started("10.1.2.3", typed="n\n"),
            "typed another name": started("192.0.2.7", typed="192.0.2.8\n"),
            "said yes": started("10.1.2.3", typed="y\n"),
            "allowed": started("192.0.2.7", "--allow", "192.0.2.7"),
            "asked, and looked up first": started("shop.test", typed="n\n"),
            "allowed, and led to metadata": started("rebound.test", "--allow", "rebound.test"),
            "everything allowed": started("192.0.2.7", "--allow", "*"),
        },
        sys.stdout,
    )


main()
