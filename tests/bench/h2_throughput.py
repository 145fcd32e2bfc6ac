"""HTTP/2 requests a second and CPU a request: pooltop, Node's http2, undici and httpx in one run.

    python tests/bench/h2_throughput.py [--rounds 5] [--seconds 2] [--streams 100] [--node node]
                                        [--server nginx|node] [--only KIND ...] [--list]

One connection by prior knowledge (h2c), with so many requests under way on it. The server has one
core, the client the other; the clients take turns, so that a machine whose speed drifts moves all
of them. Medians over the rounds are printed, with the ratios to Node's http2 and to httpx, round
by round. Clients that cannot be run here are said so. All traffic is on loopback and bounded.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from throughput import free_port, pinned, start_nginx

from pooltop.engine.h2.factory import default_codec

HERE = Path(__file__).parent
KINDS = (
    "pooltop-nghttp2",
    "pooltop-h2",
    "session-nghttp2",
    "session-h2",
    "node",
    "undici",
    "httpx",
)


def missing(kind: str, options: argparse.Namespace) -> str:
    """Why a client cannot be run here; empty if it can."""
    if kind.endswith("-nghttp2") and default_codec() != "nghttp2":
        return "ngh2 is not installed (the extra h2fast)"
    if kind == "httpx" and not (
        importlib.util.find_spec("httpx") and importlib.util.find_spec("h2")
    ):
        return "httpx is not installed (pip install 'httpx[http2]')"
    if kind in {"node", "undici"} and not shutil.which(options.node):
        return f"there is no {options.node} (--node)"
    if kind == "undici" and "POOLTOP_UNDICI" not in os.environ:
        return "POOLTOP_UNDICI names no folder with node_modules/undici"
    return ""


def start_node(port: int, node: str, core: int) -> subprocess.Popen:
    server = subprocess.Popen(
        [node, str(HERE / "h2_node.mjs"), "server", str(port)],
        stdout=subprocess.PIPE,
        preexec_fn=pinned(core),
    )
    if not server.stdout.readline():
        raise SystemExit("Node's server did not start")
    return server


def measure(kind: str, url: str, options: argparse.Namespace, core: int) -> tuple[float, float]:
    """Give requests a second and CPU microseconds a request."""
    end = [kind, url, str(options.streams), str(options.seconds)]
    if kind in {"node", "undici"}:
        argv = [options.node, str(HERE / "h2_node.mjs"), *end]
    else:
        argv = [sys.executable, str(HERE / "h2_clients.py"), *end]
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=pinned(core)
    )
    found = json.loads(done.stdout)
    return found["requests"] / found["seconds"], found["cpu_s"] / found["requests"] * 1e6


def ratio(mine: list[tuple[float, float]], theirs: list[tuple[float, float]] | None) -> str:
    """The median of the rounds' ratios of requests a second."""
    if not theirs:
        return ""
    pairs = zip(mine, theirs, strict=True)
    return f"{statistics.median(one[0] / other[0] for one, other in pairs):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--node", default=os.environ.get("POOLTOP_NODE", "node"))
    parser.add_argument("--server", choices=("nginx", "node"), default="nginx")
    parser.add_argument("--only", nargs="*", choices=KINDS)
    parser.add_argument("--list", action="store_true", help="name the clients, and run none")
    options = parser.parse_args()
    kinds = []
    for kind in options.only or KINDS:
        why = missing(kind, options)
        if why or options.list:
            print(f"{kind}: {f'left out, {why}' if why else 'can be run'}")
        if not why:
            kinds.append(kind)
    if options.list:
        return
    cores = sorted(os.sched_getaffinity(0))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(HERE.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        if options.server == "nginx":
            server = start_nginx(Path(folder), port, cores[-1], http2=True)
        else:
            server = start_node(port, options.node, cores[-1])
        try:
            for _ in range(options.rounds):
                for kind in kinds:
                    url = f"http://127.0.0.1:{port}/"
                    found[kind].append(measure(kind, url, options, cores[0]))
        finally:
            server.terminate()
            server.wait()
    print(
        f"{options.rounds} rounds of {options.seconds:g} s, {options.streams} streams on one "
        f"connection, {options.server}, client and server on core {cores[0]} and {cores[-1]}"
    )
    print(
        f"{'client':17}{'requests/s':>12}{'min':>9}{'max':>9}{'CPU us/req':>12}"
        f"{'x node':>8}{'x httpx':>9}"
    )
    for kind, rounds in found.items():
        rates = [rate for rate, _ in rounds]
        cpu = statistics.median(used for _, used in rounds)
        print(
            f"{kind:17}{statistics.median(rates):12.0f}{min(rates):9.0f}{max(rates):9.0f}"
            f"{cpu:12.1f}{ratio(rounds, found.get('node')):>8}"
            f"{ratio(rounds, found.get('httpx')):>9}"
        )


if __name__ == "__main__":
    main()
