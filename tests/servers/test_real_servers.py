"""pooltop's counts against the servers' own: nginx and Node, keep-alive on and off.

The whole product is run as a user would (the command line, headless, JSON), and what it says it
opened and completed must be what the server says it accepted and answered, to the last one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from support.nginx import NGINX, start_nginx

REQUESTS = 2000
ROOT = Path(__file__).parent.parent.parent

NGINX_CONF = """
worker_processes 2; daemon off; pid {dir}/nginx.pid; error_log {dir}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests {keepalive_requests}; keepalive_timeout 60s;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }}
           location = /status {{ stub_status; }} }}
}}
"""

NODE_SERVER = """
const http = require('node:http');
let connections = 0, requests = 0;
const server = http.createServer((req, res) => {
  if (req.url === '/status') {
    res.setHeader('connection', 'close');
    return res.end(JSON.stringify({ connections: connections - 1, requests }));
  }
  requests++;
  req.resume();
  res.end('hello');
});
server.on('connection', () => connections++);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture
def end_later():
    """Processes that are ended with the test, by their own handle."""
    processes: list[subprocess.Popen] = []
    yield processes
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


class Nginx:
    def __init__(self, folder: Path, processes: list, keepalive_requests: int = 10_000_000) -> None:
        process, self.port = start_nginx(NGINX_CONF, folder, keepalive_requests=keepalive_requests)
        processes.append(process)

    def _status(self) -> tuple[int, int]:
        numbers = get(self.port, "/status").splitlines()[2].split()
        return int(numbers[0]), int(numbers[2])

    def __enter__(self) -> Nginx:
        self._before = self._status()
        return self

    def __exit__(self, *_: object) -> None:
        after = self._status()
        # Each look is a connection and a request of its own; the second counts itself.
        self.connections = after[0] - self._before[0] - 1
        self.requests = after[1] - self._before[1] - 1


class Node:
    def __init__(self, folder: Path, processes: list) -> None:
        script = folder / "server.cjs"
        script.write_text(NODE_SERVER)
        process = subprocess.Popen([NODE, str(script)], stdout=subprocess.PIPE, text=True)
        processes.append(process)
        self.port = int(process.stdout.readline())

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        found = json.loads(get(self.port, "/status"))
        self.connections, self.requests = found["connections"], found["requests"]


NODE = os.environ.get("POOLTOP_NODE") or shutil.which("node")

PROFILE = """
schema = 1
[agents.a]
kind = "http.Agent"
keep_alive = {keep_alive}
max_sockets = {max_sockets}
codec = "{codec}"
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:{port}"
max_requests = {requests}
{model}
requests = [ {{ name = "get", path = "/x", weight = 3 }}, {{ name = "post", method = "POST", path = "/y", body = "some body" }} ]
"""
CLOSED = 'model = "closed"\nusers = 8'
OPEN = 'model = "open"\narrival = "poisson"\nrate = "2000/s"'


def run_pooltop(folder: Path, **fields: object) -> dict:
    """Run the profile to its end; give the last snapshot's one origin."""
    profile = folder / "p.toml"
    profile.write_text(PROFILE.format(requests=REQUESTS, **fields))
    done = subprocess.run(
        [sys.executable, "-m", "pooltop", "--profile", str(profile), "--json", "--duration", "60s"],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    return last["snapshot"]["agents"][0]["origins"][0]


@pytest.mark.parametrize("model", [CLOSED, OPEN], ids=["closed", "open"])
@pytest.mark.parametrize("codec", ["h11", "llhttp"])
@pytest.mark.parametrize("keep_alive", ["true", "false"], ids=["kept", "closed-each-time"])
@pytest.mark.parametrize("kind", ["nginx", "node"])
def test_connections_and_requests_are_what_the_server_counted(
    kind, keep_alive, codec, model, tmp_path, end_later
):
    if (NGINX if kind == "nginx" else NODE) is None:
        pytest.skip(f"needs {kind}")
    server = (Nginx if kind == "nginx" else Node)(tmp_path, end_later)
    with server:
        origin = run_pooltop(
            tmp_path,
            keep_alive=keep_alive,
            max_sockets='"unlimited"' if keep_alive == "false" else 8,
            codec=codec,
            port=server.port,
            model=model,
        )
    counters = origin["counters"]
    assert {} == counters["failed"]
    assert REQUESTS == counters["completed"] == server.requests
    assert {"200": REQUESTS} == counters["statuses"]
    assert server.connections == counters["opened"] == counters["connected"]
    if keep_alive == "true":
        assert counters["opened"] <= 8
    else:
        assert REQUESTS == counters["opened"]


@pytest.mark.skipif(NGINX is None, reason="needs nginx")
def test_a_server_that_closes_every_hundred_requests_costs_no_error(tmp_path, end_later):
    with Nginx(tmp_path, end_later, keepalive_requests=100) as server:
        origin = run_pooltop(
            tmp_path,
            keep_alive="true",
            max_sockets=8,
            codec="llhttp",
            port=server.port,
            model=CLOSED,
        )
    counters = origin["counters"]
    assert {} == counters["failed"]
    assert REQUESTS == counters["completed"] == server.requests
    assert server.connections == counters["opened"]
    assert REQUESTS // 100 <= counters["opened"] <= REQUESTS // 100 + 8
