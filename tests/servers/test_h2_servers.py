"""HTTP/2 against servers that are not ours: nginx, Node and nghttpd count what pooltop counts.

POOLTOP_H2_REQUESTS says how many requests (2,000). The whole product is run as a user would; nginx
says GOAWAY after every tenth of them and loses none.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.nginx import NGINX, start_nginx

from pooltop.engine.h2.factory import default_codec

REQUESTS = int(os.environ.get("POOLTOP_H2_REQUESTS", "2000"))
ROOT = Path(__file__).parent.parent.parent
NODE = os.environ.get("POOLTOP_NODE") or shutil.which("node")
NGHTTPD = shutil.which("nghttpd")
CODECS = ["h2"] if default_codec() == "h2" else ["h2", "nghttp2"]

NGINX_CONF = """
worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log {dir}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  log_format count '$connection $server_protocol $status';
  access_log {dir}/access.log count; keepalive_requests {each}; keepalive_timeout 60s;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port} http2; location / {{ return 200 "hello\\n"; }} }}
}}
"""

NODE_SERVER = """
const server = require('node:http2').createServer();
const seen = { sessions: 0, streams: 0 };
server.on('session', () => seen.sessions++);
server.on('request', (req, res) => { seen.streams++; res.end('hello'); });
server.listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => { console.log(JSON.stringify(seen)); process.exit(0); });
"""

PROFILE = """
schema = 1
[agents.a]
kind = "h2"
sessions = 1
h2_codec = "{codec}"
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:{port}"
model = "closed"
users = 80
max_requests = {requests}
requests = [ {{ name = "get", path = "/x" }} ]
"""


class Seen(NamedTuple):
    """What a server says of itself when it has ended."""

    connections: int
    requests: int


class Server:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        for _ in range(100_000):
            with socket.socket() as sock:
                if not sock.connect_ex(("127.0.0.1", self.port)):
                    return
            assert self.process.poll() is None, self.log.read_text()
        raise AssertionError("it does not listen")

    def command(self) -> list[str]:
        raise NotImplementedError

    def count(self) -> Seen:
        raise NotImplementedError

    def end(self) -> Seen:
        """End it; give what it counted."""
        self.process.terminate()
        self.process.wait(timeout=20)
        return self.count()


class Nginx(Server):
    each = REQUESTS // 10

    def start(self) -> None:
        self.process, self.port = start_nginx(NGINX_CONF, self.folder, each=self.each)

    def count(self) -> Seen:
        lines = [line.split() for line in (self.folder / "access.log").read_text().splitlines()]
        assert {("HTTP/2.0", "200")} == {(protocol, status) for _, protocol, status in lines}
        return Seen(len({connection for connection, *_ in lines}), len(lines))


class Node(Server):
    def command(self) -> list[str]:
        script = self.folder / "server.cjs"
        script.write_text(NODE_SERVER)
        assert NODE is not None
        return [NODE, str(script), str(self.port)]

    def count(self) -> Seen:
        said = json.loads(self.log.read_text())
        # Looking whether it listens was a session too, of which it never heard a word.
        return Seen(said["sessions"] - 1, said["streams"])


class Nghttpd(Server):
    def command(self) -> list[str]:
        (self.folder / "x").write_text("hello\n")
        assert NGHTTPD is not None
        return [
            NGHTTPD,
            "--no-tls",
            "-v",
            "-a",
            "127.0.0.1",
            "-d",
            str(self.folder),
            str(self.port),
        ]

    def count(self) -> Seen:
        said = re.sub(r"\x1b\[[0-9;]*m", "", self.log.read_text(errors="replace"))
        heads = re.findall(r"^\[id=(\d+)\] .*recv HEADERS frame", said, re.MULTILINE)
        return Seen(len(set(heads)), len(heads))


@pytest.fixture(params=[Nginx, Node, Nghttpd], ids=["nginx", "node", "nghttpd"])
def server(request, tmp_path):
    """One of the servers, where it is installed."""
    found = {Nginx: NGINX, Node: NODE, Nghttpd: NGHTTPD}[request.param]
    if found is None:
        pytest.skip(f"needs {request.param.__name__.lower()}")
    one = request.param(tmp_path)
    yield one
    if one.process.poll() is None:
        one.process.kill()
        one.process.wait(timeout=20)


@pytest.mark.parametrize("codec", CODECS)
def test_sessions_and_streams_are_what_the_server_counted(server, codec, tmp_path):
    profile = tmp_path / "p.toml"
    profile.write_text(PROFILE.format(port=server.port, requests=REQUESTS, codec=codec))
    done = subprocess.run(
        [sys.executable, "-m", "pooltop", "--profile", str(profile), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    counters = last["snapshot"]["agents"][0]["origins"][0]["counters"]
    seen = server.end()

    assert {} == counters["failed"]
    assert {"200": REQUESTS} == counters["statuses"]
    assert REQUESTS == counters["completed"] == seen.requests
    assert seen.connections == counters["opened"]
    if isinstance(server, Nginx):
        assert REQUESTS // server.each == counters["opened"] == counters["goaways"]
    else:
        assert (1, 0) == (counters["opened"], counters["goaways"])
