"""CPU a request and requests a second: pooltop, Node's http.Agent, wrk and aiohttp in one run.

    python tests/bench/throughput.py [--rounds 5] [--seconds 2] [--node node]

A server of nginx with one worker has one core, the client the other; the clients take turns, so
that a machine whose speed drifts moves all of them. Medians over the rounds are printed, with the
ratio to Node's http.Agent, round by round. All traffic is on loopback and bounded.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
NGINX_CONF = """
worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log {dir}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 60s;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port} backlog=1024{http2}; location / {{ return 200 "hello, pool\\n"; }} }}
}}
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def pinned(core: int | None):
    """Give what keeps a child on one core; None leaves it free."""
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def start_nginx(
    folder: Path, port: int, core: int | None, *, http2: bool = False
) -> subprocess.Popen:
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(dir=folder, port=port, http2=" http2" if http2 else ""))
    server = subprocess.Popen(
        ["nginx", "-c", str(conf), "-p", str(folder)], preexec_fn=pinned(core)
    )
    for _ in range(500):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.01)
    raise SystemExit("nginx did not start")


def run(argv: list[str], core: int) -> tuple[str, float, float]:
    """Give the output, wall and CPU seconds of a client."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    env = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    done = subprocess.run(
        argv, capture_output=True, text=True, check=True, preexec_fn=pinned(core), env=env
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, time.monotonic() - begin, used


def measure(kind: str, url: str, options: argparse.Namespace, core: int) -> tuple[float, float]:
    """Give requests a second and CPU microseconds a request."""
    connections, seconds = str(options.connections), str(options.seconds)
    if kind == "wrk":
        argv = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, int(options.seconds))}s", url]
        out, _, cpu = run(argv, core)
        requests = int(re.search(r"(\d+) requests in", out)[1])
        rate = float(re.search(r"Requests/sec: +([\d.]+)", out)[1])
        return rate, cpu / requests * 1e6
    if kind == "node":
        argv = [options.node, str(HERE / "node_client.mjs"), url, connections, seconds]
    else:
        argv = [sys.executable, str(HERE / "clients.py"), kind, url, connections, seconds]
    found = json.loads(run(argv, core)[0])
    return found["requests"] / found["seconds"], found["cpu_s"] / found["requests"] * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--node", default="node")
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    kinds = options.only or ["wrk", "raw", "llhttp", "h11", "node", "aiohttp"]
    kinds = [k for k in kinds if k != "wrk" or shutil.which("wrk")]
    if "aiohttp" in kinds:
        probe = subprocess.run([sys.executable, "-c", "import aiohttp"], capture_output=True)
        if probe.returncode:
            kinds.remove("aiohttp")
    cores = sorted(os.sched_getaffinity(0))
    found: dict[str, list[tuple[float, float]]] = {k: [] for k in kinds}
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = start_nginx(Path(folder), port, cores[-1])
        try:
            for _ in range(options.rounds):
                for kind in kinds:
                    found[kind].append(
                        measure(kind, f"http://127.0.0.1:{port}/", options, cores[0])
                    )
        finally:
            server.terminate()
            server.wait()
    print(f"{options.rounds} rounds, {options.connections} connections, one pinned core")
    print(f"{'client':10}{'requests/s':>12}{'min':>9}{'max':>9}{'CPU us/req':>12}{'x node':>8}")
    for kind in kinds:
        rates = [r for r, _ in found[kind]]
        cpu = statistics.median(c for _, c in found[kind])
        ratio = ""
        if "node" in found:
            pairs = zip(found[kind], found["node"], strict=True)
            ratio = f"{statistics.median(a[0] / b[0] for a, b in pairs):.2f}"
        print(
            f"{kind:10}{statistics.median(rates):12.0f}{min(rates):9.0f}{max(rates):9.0f}"
            f"{cpu:12.1f}{ratio:>8}"
        )


if __name__ == "__main__":
    main()
