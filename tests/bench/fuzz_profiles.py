"""Load many broken profiles and count what became of them: fine, refused, or raised.

    python tests/bench/fuzz_profiles.py --number 100000 [--seed 1]

Each is a good profile with a few things done to it: values, lines and pieces exchanged, dropped,
doubled, references and marks of TOML put in; some are loaded with settings of ``--set`` and of the
environment. What is raised beside ProfileErrors is a bug: it is printed with its seed, and the
exit status is 1.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from pooltop.profiles import ProfileErrors, load_text
from pooltop.profiles.config import config_as_toml
from pooltop.profiles.shape import Many, Named, Table
from pooltop.profiles.starter import starter_text
from pooltop.profiles.tables import PROFILE

ROOT = Path(__file__).parents[2]
HEAD = """\
include = ["part.toml"]
auto_revert = "30s"
"""
EXTRA = """
[env]
required = ["HOME"]
[safety]
allow_hosts = ["127.0.0.1", "*.staging.internal"]
[defaults.timeouts]
total = "10s"
[agents.more]
maxSockets = inf
proxy_env = { http_proxy = "http://u:p@127.0.0.1:3128" }
bounds = { max_sockets = [1, 20], timeout = ["1s", "unlimited"] }
[agents.more.tls]
passphrase = "${file:part.toml}"
servername = "${env:NAME:-localhost}"
[agents.more.hosts."127.0.0.1:8443"]
max_sockets = 3
[agents.undici]
kind = "undici-balanced-pool"
upstreams = ["http://127.0.0.1:8081", "demo:shop"]
connections = 8
clientTtl = "5m"
use_h2c = true
bounds = { connections = [1, 20], pipelining = [0, "unlimited"] }
[agents.h2]
kind = "h2"
sessions = 2
max_concurrent_streams = "${env:STREAMS:-100}"
ping_interval = "off"
bounds = { sessions = [1, 4] }
[workloads.undici]
agent = "undici"
base_url = "http://127.0.0.1:8081"
[workloads.h2]
agent = "h2"
base_url = "http://127.0.0.1:8081"
[workloads.more]
agent = "more"
base_url = "https://127.0.0.1:8443"
duration = "1m"
seed = 3
stages = [ { to = "20/s", over = "1s" }, { hold = "2s" } ]
[[workloads.more.requests]]
path = "/a?x=$$"
headers = { accept = "*/*", cookie = "${env:HOME}", x = ["a", "b"] }
weight = 2.5
follow_redirects = 2
timeouts = { total = "2s", idle = "unlimited" }
[[workloads.more.requests]]
method = "POST"
path = "/${row.id}"
auth = { basic = { user = "${row.id}", password = "${env:HOME}" } }
body = { json = { id = "${row.id}", n = 1.5 } }
expect = { status = ["2xx", 304], max_bytes = 9 }
[workloads.more.data]
file = "rows.json"
mode = "once"
[workloads.more.timeouts]
mode = "fail"
queue = "1s"
[[thresholds]]
expect = "request.duration p99 < 400ms"
where = { workload = "more" }
after = "1s"
[record]
jsonl = "runs/${run.id}.jsonl"
[advisor]
mode = "ask"
window = "30s"
min_samples = 200
target = { queue_p95 = "20ms", utilisation = 0.8 }
beta = 1.0
ceiling = { max_sockets = 128 }
mute = ["A33"]
[export.otlp]
endpoint = "http://127.0.0.1:4318"
headers = { x = "${env:HOME}" }
"""
ROWS = '[{"id": "a"}, {"id": 7}]'

VALUES = (
    *("0", "-1", "1", "1.5", "-0.0", "nan", "-inf", "inf", "1e400", "true", "false", "9" * 400),
    *('""', '" "', '"unlimited"', '"0s"', '"5s"', '"1h30"', '"50/s"', '"0/s"', '"\\u001b[2J"'),
    *('"${env:HOME}"', '"${env:UNSET}"', '"${env:N:-7}"', '"${file:part.toml}"', '"${file:..}"'),
    *(
        '"${row.id}"',
        '"${run.id}"',
        '"$$"',
        '"${"',
        '"${}"',
        '"\\ud7ff"',
        "'''x\ny'''",
        '"""\\u0000"""',
    ),
    *(
        "[]",
        "[[]]",
        "[1]",
        '["x"]',
        "[{}]",
        "[[[1]]]",
        "{}",
        "{a = 1}",
        "{a = {b = []}}",
        "{x = [1]}",
    ),
    *("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "0xff", "0o7", "1_000"),
    *('"http://[::1"', '"http://a b"', '"demo:"', '"demo:shop"', '"ftp://x"', '"::1"', '"a.b:80"'),
    *('"undici-pool"', '"undici-agent"', '"undici-balanced-pool"', '"h2"', '["http://[::1]:1"]'),
    *('["part.toml", "p.toml"]', '"/dev/zero"', '"."', "'lifo'", "'TLSv1.3'", '"close"', '"GET"'),
)
MARKS = "[]{}=.,\"'\\#\n\r\t -_+:$0129abeE\u00e9\ufeff\u202e\x00\x1b\x7f"


def keys_of(table: Table, before: str = "") -> list[str]:
    """Give the dotted keys of the format, with names that the profiles have."""
    found: list[str] = []
    for field in table.fields:
        for name in filter(None, (field.name, field.node)):
            key = f"{before}{name}"
            found.append(key)
            if isinstance(field.kind, Table):
                found += keys_of(field.kind, f"{key}.")
            elif isinstance(field.kind, Named | Many) and before.count(".") < 4:
                found += keys_of(field.kind.item, f"{key}.more.")
    return found


KEYS = keys_of(PROFILE)


class Fuzzer:
    """Makes broken profiles; the same number makes the same one in every run."""

    def __init__(self, seed: int) -> None:
        files = sorted((ROOT / "profiles").glob("*.toml"))
        self._seed = seed
        self._goods = [starter_text(), HEAD + starter_text() + EXTRA]
        self._goods += [file.read_text(encoding="utf-8") for file in files]

    @property
    def goods(self) -> tuple[str, ...]:
        """What the broken ones are made of."""
        return tuple(self._goods)

    def make(self, number: int) -> tuple[str, tuple[str, ...], dict[str, str]]:
        """Give a text, settings, and variables."""
        dice = random.Random(f"{self._seed}:{number}")
        text = dice.choice(self._goods)
        for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
            text = dice.choice(CHANGES)(text, dice)
        settings = [self._setting(dice) for _ in range(dice.choice((0, 0, 0, 1, 2)))]
        variables = {}
        for _ in range(dice.choice((0, 0, 0, 1, 2))):
            name = dice.choice(KEYS).upper().replace(".", "__")
            variables[f"POOLTOP__{name}"] = dice.choice(VALUES).replace("\0", "").strip('"')
        return text, tuple(settings), variables

    def _setting(self, dice: random.Random) -> str:
        key = dice.choice(KEYS) if dice.random() < 0.9 else _noise(dice)
        return f"{key}={dice.choice(VALUES) if dice.random() < 0.9 else _noise(dice)}"


def _noise(dice: random.Random) -> str:
    return "".join(dice.choice(MARKS) for _ in range(dice.randint(0, 8)))


def _other_value(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    key, equals, _ = lines[at].partition(" = ")
    lines[at] = f"{key}{equals}{dice.choice(VALUES)}" if equals else lines[at]
    return "\n".join(lines)


def _another_key(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    key = dice.choice(KEYS)
    if dice.random() < 0.5:
        key = key.rpartition(".")[2]
    lines.insert(dice.randrange(len(lines)), f"{key} = {dice.choice(VALUES)}")
    return "\n".join(lines)


def _less(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    del lines[dice.randrange(len(lines))]
    return "\n".join(lines)


def _doubled(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    return "\n".join(lines)


def _moved(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    lines.insert(dice.randrange(len(lines)), lines.pop(dice.randrange(len(lines))))
    return "\n".join(lines)


def _another_piece(text: str, dice: random.Random) -> str:
    start = dice.randint(0, len(text))
    return text[:start] + _noise(dice) + text[start + dice.randint(0, 6) :]


def _cut(text: str, dice: random.Random) -> str:
    return text[: dice.randint(0, len(text))]


CHANGES = (
    *(_other_value, _other_value, _other_value, _another_key, _another_key, _less, _doubled),
    *(_moved, _another_piece, _another_piece, _cut),
)


def verdict_of(text: str, settings: tuple[str, ...], variables: dict[str, str]) -> str:
    """Load it: "fine" or "refused".

    Raises:
        Exception: whatever the loader should not have.
    """
    before = dict(os.environ)
    os.environ.update(variables)
    refused: ProfileErrors | None = None
    try:
        loaded = load_text(text, "p.toml", settings=settings)
        assert config_as_toml(loaded.effective)
    except ProfileErrors as errors:
        refused = errors
    finally:
        os.environ.clear()
        os.environ.update(before)
    if refused is None:
        return "fine"
    assert any(problem.severity == "error" for problem in refused.problems)
    assert all(line.isprintable() for line in str(refused).split("\n")), str(refused)
    return "refused"


def main() -> int:
    """Run it; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    fuzzer, began = Fuzzer(asked.seed), time.monotonic()
    counts = {"fine": 0, "refused": 0, "raised": 0}
    slowest_s = 0.0
    os.environ["API_TOKEN"] = "of-nobody"  # prod.toml asks for it
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("part.toml").write_text('environment = "part"\n')
        Path("rows.json").write_text(ROWS)
        assert {"fine"} == {verdict_of(good, (), {}) for good in fuzzer.goods}
        for number in range(asked.number):
            made = fuzzer.make(number)
            start = time.process_time()
            try:
                counts[verdict_of(*made)] += 1
            except Exception:
                counts["raised"] += 1
                print(f"seed {asked.seed}, number {number}: {made}")
                traceback.print_exc(file=sys.stdout)
            slowest_s = max(slowest_s, time.process_time() - start)
        os.chdir("/")
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    took = time.monotonic() - began
    print(f"{asked.number} profiles: {told}; slowest {slowest_s:.2f} s CPU, {took:.0f} s in all")
    return 1 if counts["raised"] else 0


if __name__ == "__main__":
    sys.exit(main())
