"""``--report`` and ``pooltop report``: the page of a run, on disk and in a browser."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from pooltop import cli
from pooltop.cli.args import ArgumentError, parse
from pooltop.errors import EngineError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PROFILE = """\
[demo.here]
latency = { median = "10ms" }
[agents.a]
keep_alive = true
max_sockets = 2
[workloads.w]
agent = "a"
base_url = "demo:here"
rate = "100/s"
duration = "2500ms"
requests = [ { name = "<script>x</script>" } ]
[[thresholds]]
expect = "request.errors <= 0"
"""


@pytest.fixture
def profile(tmp_path: Path) -> str:
    """Write a profile that runs for a while."""
    path = tmp_path / "p.toml"
    path.write_text(PROFILE)
    return str(path)


@pytest.fixture
def run(profile: str, tmp_path: Path) -> Path:
    """Run it with a report, a recording and NDJSON; gives the folder of all three."""
    with open(profile, "a", encoding="utf-8") as file:
        file.write('[record]\njsonl = "r.jsonl"\nfile = "r.ptr"\n')
    assert 0 == cli.main(["--profile", profile, "--report", str(tmp_path / "live.html")])
    return tmp_path


def plots(source: str) -> list[str]:
    return re.findall(r'<path d="[^"]+" class="[^"]+"/>', source)


def test_the_report_of_a_run_is_that_of_its_recordings(
    run: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["report", str(run / "r.ptr")])
    assert 0 == cli.main(["report", str(run / "r.jsonl"), "-o", str(run / "n.html")])
    pages = [(run / name).read_text() for name in ("live.html", "r.html", "n.html")]

    assert 1 == len({tuple(plots(source)) for source in pages})
    assert 1 == len({re.findall(r"<tr>.*?</tr>", source).__repr__() for source in pages})
    assert len(plots(pages[0])) > 10
    assert ">held</span>" in pages[0]
    assert "<script" not in pages[0]
    assert 0o600 == stat.S_IMODE(os.stat(run / "live.html").st_mode)
    words = f"report in {run / 'r.html'}\nreport in {run / 'n.html'}\n"
    assert words == capfd.readouterr().out


def test_a_damaged_recording_makes_a_page_that_says_so(run: Path) -> None:
    (run / "cut.ptr").write_bytes((run / "r.ptr").read_bytes()[:-3000])

    assert 0 == cli.main(["report", str(run / "cut.ptr")])

    assert '<p class="note">the recording ' in (run / "cut.html").read_text()


def test_nothing_is_overwritten_and_nothing_sent(
    profile: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "r.html"
    there.write_text("mine")

    assert 2 == cli.main(["--profile", profile, "--report", str(there)])
    assert "mine" == there.read_text()
    assert (
        "",
        f"pooltop: {there} exists, and nothing is overwritten: choose another name\n",
    ) == tuple(capfd.readouterr())


def test_what_is_no_recording_leaves_no_page(
    profile: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 2 == cli.main(["report", profile, "-o", str(tmp_path / "r.html")])
    assert not (tmp_path / "r.html").exists()
    assert "is no recording of pooltop" in capfd.readouterr().err


def test_a_run_that_cannot_start_leaves_no_page(
    tmp_path: Path,
    profile: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ready(_: object) -> None:
        raise EngineError("no demo")

    monkeypatch.setattr("pooltop.demo.process.DemoProcess.ready", ready)

    assert 1 == cli.main(["--profile", profile, "--report", str(tmp_path / "r.html")])
    assert not (tmp_path / "r.html").exists()
    assert "nothing was watched: no report in" in capfd.readouterr().err


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no new file take anything."""

    def write(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pooltop.sources.recording_writer.NewFile.write", write)


@pytest.mark.parametrize("option", ["--report", "--record"])
@pytest.mark.usefixtures("full_disk")
def test_what_was_asked_for_and_could_not_be_written_is_no_success(
    profile: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    assert 1 == cli.main(["--profile", profile, option, str(tmp_path / "out")])
    assert "No space left on device" in capfd.readouterr().err


def test_a_page_of_a_recording_that_could_not_be_written_is_no_success(
    run: Path, capfd: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("full_disk")
    page = run / "full.html"

    assert 2 == cli.main(["report", str(run / "r.ptr"), "-o", str(page)])
    said = f"pooltop: {page} cannot be written: No space left on device\n"
    assert said == capfd.readouterr().err.splitlines(keepends=True)[-1]
    assert not page.exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("report", "report needs one recording: pooltop report FILE"),
        ("report a b", "report needs one recording: pooltop report FILE"),
        ("report a --headless", "report takes no --headless"),
        ("report a -o", "--output needs a file"),
        ("demo -o x", "--output is of pooltop report"),
        ("replay a --report x", "replay takes no --report"),
        ("demo --detach --report x", "--detach shows nothing: say --report to pooltop attach"),
    ],
)
def test_what_makes_no_sense_is_said(line: str, message: str) -> None:
    with pytest.raises(ArgumentError) as told:
        parse(line.split())

    assert message == str(told.value)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [1200, 500])
def test_a_browser_draws_the_plots_and_has_nothing_to_complain_of(run: Path, width: int) -> None:
    picture = run / "page.png"
    told = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--enable-logging=stderr", "--v=0", f"--user-data-dir={run / 'browser'}"),
            *(f"--window-size={width},1400", f"--screenshot={picture}"),
            (run / "live.html").as_uri(),
        ],
        capture_output=True,
        timeout=120,
        text=True,
    )

    assert 0 == told.returncode
    assert [] == [line for line in told.stderr.splitlines() if "CONSOLE" in line]
    pixels = read_png(picture)
    line, limit = (0x14, 0x77, 0x6F), (0xB3, 0x26, 0x1E)
    assert 200 < sum(pixels.count(bytes(line)) for pixels in pixels)
    assert 10 < sum(pixels.count(bytes(limit)) for pixels in pixels)


def read_png(path: Path) -> list[bytes]:
    """Give the rows of a picture of eight bits a channel, three channels of each pixel."""
    data, place, packed = path.read_bytes(), 8, b""
    width = height = channels = 0
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            channels = {2: 3, 6: 4}[colour]
        if kind == b"IDAT":
            packed += body
        place += length + 12
    raw, size = zlib.decompress(packed), width * channels
    rows, before = [], bytearray(size)
    for number in range(height):
        start = number * (size + 1)
        row = unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + size]), before, channels)
        rows.append(bytes(b for n, b in enumerate(row) if n % channels < 3))
        before = row
    return rows


def unfiltered(kind: int, row: bytearray, before: bytearray, step: int) -> bytearray:
    """Undo a row's filter. Source: PNG specification, 9.2."""
    for n in range(len(row)):
        left, up = row[n - step] if n >= step else 0, before[n]
        corner = before[n - step] if n >= step else 0
        guess = left + up - corner
        near = min((left, up, corner), key=lambda one: abs(guess - one))
        row[n] = (row[n] + (0, left, up, (left + up) // 2, near)[kind]) & 255
    return row
