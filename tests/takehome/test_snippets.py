"""What each snippet says: whole files that are compared, and the tools that read them."""

from __future__ import annotations

import math
import runpy
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from takehome import clients, golden

from pooltop import cli
from pooltop.core.model import AgentOptions, Timeouts
from pooltop.core.snapshot import AgentSnapshot
from pooltop.core.undici.options import DISPATCHERS, built_in
from pooltop.core.undici.projection import projected
from pooltop.takehome import TARGETS, Pool, of_snapshot, take_home

GOFMT = Path(clients.GO).with_name("gofmt") if clients.GO is not None else None
NODE_TARGETS = tuple(clients.NODE_DRIVERS)
ODD = [
    {"keep_alive": False},
    {"max_sockets": math.inf, "max_free_sockets": math.inf},
    {"max_sockets": 0, "max_free_sockets": 0, "max_total_sockets": 0},
    {"timeout": 0, "scheduling": "fifo"},
    {"timeout": 1500, "keep_alive_msecs": 0, "agent_keep_alive_timeout_buffer": 0},
    {"family": 6, "local_address": "::1"},
    {"socket_path": "run/app.sock"},
    {"no_delay": False, "max_cached_sessions": 0, "per_request": True, "retry_stale": True},
]


def _odd_pools() -> list[Pool]:
    clocks = Timeouts(queue=0.0001, connect=1.1, idle=0.29, total=15, free=4)
    pools = [Pool(name="a", options=AgentOptions(**({"keep_alive": True} | odd))) for odd in ODD]
    pools += [
        Pool(
            name="a",
            options=projected(built_in(kind)),
            dispatcher=built_in(kind),
            origins=("http://a",),
        )
        for kind in DISPATCHERS
    ]
    return [*pools, *(replace(pool, timeouts=clocks, is_proxied=True) for pool in pools)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", golden.POOLS)
def test_a_snippet_is_as_it_was_read_last(name: str, target: str) -> None:
    file = golden.FOLDER / f"{name}.{target}.txt"
    assert file.read_text("utf-8") == take_home(golden.POOLS[name], target)


def test_no_file_is_left_of_what_is_gone() -> None:
    wanted = {f"{name}.{target}.txt" for name in golden.POOLS for target in TARGETS}
    assert wanted == {file.name for file in golden.FOLDER.iterdir()}


@pytest.mark.parametrize("target", ["aiohttp", "httpx", "urllib3", "requests"])
def test_python_reads_every_snippet(target: str) -> None:
    for pool in (*_odd_pools(), *golden.POOLS.values()):
        compile(take_home(pool, target), target, "exec")


async def test_every_client_of_python_is_made_of_every_snippet(tmp_path: Path) -> None:
    for module in ("aiohttp", "httpx", "requests"):
        pytest.importorskip(module)
    for number, pool in enumerate(_odd_pools()):
        for target in ("aiohttp", "httpx", "urllib3", "requests"):
            file = tmp_path / f"{number}_{target}.py"
            file.write_text(take_home(pool, target))
            made = runpy.run_path(str(file))
            name = next(each for each in made if each.startswith("make_"))
            client = made[name]()
            if target == "aiohttp":
                await client.close()
            else:
                (client.clear if target == "urllib3" else client.close)()


@pytest.mark.skipif(clients.NODE is None, reason="no Node")
@pytest.mark.parametrize("target", NODE_TARGETS)
def test_node_takes_every_snippet_as_it_is(target: str, tmp_path: Path) -> None:
    if target in clients.PACKAGES and not (clients.MODULES / clients.PACKAGES[target]).is_dir():
        pytest.skip(f"no {clients.PACKAGES[target]}: POOLTOP_UNDICI names a folder with it")
    (tmp_path / "node_modules").symlink_to(clients.MODULES, target_is_directory=True)
    names = []
    for number, pool in enumerate(_odd_pools()):
        names.append(f"./{number}.mjs")
        (tmp_path / f"{number}.mjs").write_text(take_home(pool, target))
    imports = "".join(f"await import('{name}');\n" for name in names)
    (tmp_path / "main.mjs").write_text(f"{imports}process.exit(0);\n")
    done = subprocess.run(
        [str(clients.NODE), "main.mjs"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.skipif(GOFMT is None or not GOFMT.exists(), reason="no gofmt")
def test_every_snippet_for_go_is_as_gofmt_has_it(tmp_path: Path) -> None:
    for number, pool in enumerate((*_odd_pools(), *golden.POOLS.values())):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "pool.go").write_text(take_home(pool, "go"))
    done = subprocess.run([str(GOFMT), "-d", str(tmp_path)], capture_output=True, text=True)
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    (tmp_path / "go.mod").write_text("module snippets\n\ngo 1.21\n")
    built = subprocess.run(
        [str(clients.GO), "vet", "./..."], cwd=tmp_path, capture_output=True, text=True
    )
    assert (0, "") == (built.returncode, built.stderr)


@pytest.mark.skipif(
    shutil.which("javac") is None or clients.java_class_path() is None,
    reason="no HttpClient 5 for Java",
)
def test_javac_takes_every_snippet(tmp_path: Path) -> None:
    files = []
    for number, pool in enumerate((*_odd_pools(), *golden.POOLS.values())):
        folder = tmp_path / f"p{number}"
        folder.mkdir()
        text = take_home(pool, "java").replace("import ", f"package p{number};\nimport ", 1)
        (folder / "Pool.java").write_text(text)
        files.append(str(folder / "Pool.java"))
    command = [
        "javac",
        "-Xlint:all",
        "-cp",
        str(clients.java_class_path()),
        "-d",
        str(tmp_path),
        *files,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_edited_live_is_what_is_taken_home(target: str) -> None:
    before = AgentOptions(keep_alive=True, max_sockets=20, timeout=30_000)
    after = AgentOptions(keep_alive=True, max_sockets=37, timeout=30_000)
    agent = AgentSnapshot(name="a", options=after, initial_options=before)
    assert "37" in take_home(of_snapshot(agent), target)
    assert take_home(of_snapshot(agent), target) == take_home(Pool(name="a", options=after), target)


PROFILE = """\
schema = 1
[agents.payments]
keep_alive = true
max_sockets = 7
[workloads.w]
agent = "payments"
base_url = "http://127.0.0.1:1"
rate = "1/s"
"""
SECOND = """\
[agents.search]
kind = "undici-pool"
connections = 9
[workloads.s]
agent = "search"
base_url = "http://127.0.0.1:2"
rate = "1/s"
"""
Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes a profile, and gives its path."""

    def to_file(text: str) -> str:
        (tmp_path / "p.toml").write_text(text)
        return str(tmp_path / "p.toml")

    return to_file


def test_export_prints_code_of_the_only_agent(
    write: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["export", write(PROFILE), "--as", "node-http"])
    out, err = capfd.readouterr()
    assert ("", True) == (err, "  maxSockets: 7,\n" in out)
    assert 0 == cli.main(
        ["export", write(PROFILE), "--as", "go", "--set", "agents.payments.max_sockets=8"]
    )
    assert "MaxConnsPerHost = 8\n" in capfd.readouterr().out


def test_export_takes_a_pools_origin_from_its_workload(
    write: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["export", write(PROFILE + SECOND), "--as", "undici", "--agent", "search"])
    out = capfd.readouterr().out
    assert "new Pool('http://127.0.0.1:2', {\n" in out
    assert "  connections: 9,\n" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "node-htp"], 'Did you mean "node-http"?'),
        (["--as", "go"], "has several agents: say which with --agent; its agents are payments, search"),
        (["--as", "go", "--agent", "serch"], 'its agents are payments, search. Did you mean "search"?'),
        (["--as"], "--as needs a client, like node-http"),
        (["x", "--as", "go"], "export needs one profile: pooltop export FILE --as TARGET"),
        (["--as", "go", "--headless"], "export takes no --headless"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_and_nothing_is_printed(
    words: list[str], said: str, write: Write, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 2 == cli.main(["export", write(PROFILE + SECOND), *words])
    out, err = capfd.readouterr()
    assert "" == out
    assert said in err


def test_export_without_a_client_lists_them(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["export"])
    out = capfd.readouterr().out
    assert set() == {name for name in TARGETS if f"  {name} " not in out}
    assert 2 == cli.main(["demo", "--as", "go"])
    assert "--as is of pooltop export" in capfd.readouterr().err
