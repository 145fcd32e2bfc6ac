"""Whatever text there is, and whoever sent it: the terminal gets letters, and commands of ours.

Every page and every key of the table is tried, so that panes and keys to come are too.
"""

from __future__ import annotations

import base64
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.counting_server import CountingServer
from support.poison import HOSTILE, PAYLOAD
from support.pseudo_terminal import HEIGHT, ROOT, WIDTH, PseudoTerminal, Token, pooltop, tokens

from pooltop.present.key_names import shown_key
from pooltop.present.keys import KEYS

OURS = {
    "csi": re.compile(
        r"\x1b\[[\d;]*m"  # colours
        r"|\x1b\[\d+;\d+H|\x1b\[\d*[ABCD]"  # the cursor
        r"|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
        r"|\x1b\[\?(?:2026|2048)\$p|\x1b\[>\d+u|\x1b\[<u"
    ),
    # The clipboard, on y; the shape of the mouse's pointer.
    "osc": re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07|\x1b\]22;[a-z-]*\x07"),
    "control": re.compile(r"[\r\n]"),
}
ESCAPE = "\x1b[27u"
NOT_TRIED = {"quit", "interrupt", "suspend"}
"""They leave; ways to die have tests of their own."""
NAMED = {
    "space": " ",
    "enter": "\r",
    "escape": ESCAPE,
    "up": "\x1b[A",
    "down": "\x1b[B",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
}


def typed(name: str) -> str:
    """Give what a terminal sends for a key that Textual names so."""
    if name.startswith("ctrl+"):
        return chr(ord(name[-1]) & 0x1F)
    sent = NAMED.get(name, shown_key(name))
    assert name in NAMED or len(sent) == 1, f"how is {name} typed?"
    return sent


def is_harmless(token: Token) -> bool:
    if token.kind == "text":
        return token.text.isprintable()
    allowed = OURS.get(token.kind)
    return allowed is not None and bool(allowed.fullmatch(token.text))


def assert_harmless(seen: bytes) -> None:
    bad = {token for token in tokens(seen) if not is_harmless(token)}
    assert set() == bad
    for token in tokens(seen):
        if token.text.startswith("\x1b]52;"):
            copied = token.text[len("\x1b]52;c;") : -1]
            assert PAYLOAD != copied
            assert base64.b64decode(copied).decode().replace("\n", "").isprintable()


def wait_until_done(terminal: PseudoTerminal) -> None:
    """Leave whatever is open, and wait until every key before was acted on."""
    place = len(terminal.seen)
    for _ in range(200):
        # The palette is a screen of its own, that takes keys in its own time.
        terminal.type(ESCAPE * 6 + "?")
        while terminal.read(0.3):
            if b"HELP" in terminal.seen[place:]:
                terminal.type(ESCAPE)
                return
    pytest.fail("no key works any more")


def drive(terminal: PseudoTerminal, page: str) -> None:
    """Turn to a page, press every key there is, paste, click everywhere, and wait until it is done."""
    terminal.type(ESCAPE * 4 + page)
    for key in KEYS:
        if key.id in NOT_TRIED or key.id.startswith("page_"):
            continue
        if key.id == "palette":
            place = len(terminal.seen)
            terminal.type(":")
            terminal.wait_for("Search for commands", after=place)
            wait_until_done(terminal)
            continue
        for name in key.keys:
            terminal.type(typed(name))
            terminal.read(0.02)
        # A question may be open, with what it asks about in it; then all of it is left.
        terminal.type("x" + ESCAPE * 3 + page)
    terminal.type("e5\r")
    # A terminal takes ESC out of what is pasted: it could end the paste.
    pasted = "".join(HOSTILE).replace("\x1b", "").encode("utf-8", "replace")
    terminal.type(b"/\x1b[200~" + pasted + b"\x1b[201~" + ESCAPE.encode())
    for y in range(0, HEIGHT, 2):
        for x in (3, 12, 40, 90):
            at = f"{x * 1200 // WIDTH};{y * 800 // HEIGHT + 5}"
            terminal.type(f"\x1b[<0;{at}M\x1b[<0;{at}m")
        terminal.read(0.02)
    wait_until_done(terminal)


@pytest.fixture
def terminals() -> Iterator[list[PseudoTerminal]]:
    made: list[PseudoTerminal] = []
    yield made
    for each in made:
        each.close()


def test_hostile_text_of_an_engine_commands_no_terminal(
    terminals: list[PseudoTerminal], tmp_path: Path
) -> None:
    program = ROOT / "tests/support/poisoned_dashboard.py"
    terminal = PseudoTerminal([sys.executable, str(program)], folder=tmp_path)
    terminals.append(terminal)
    terminal.wait_for("HOSTS")
    for page in "12345":
        drive(terminal, page)
        terminal.process.send_signal(signal.SIGUSR1)
    terminal.process.send_signal(signal.SIGUSR2)
    terminal.wait_for("ENDED")
    wait_until_done(terminal)
    terminal.type("q")
    assert 1 == terminal.end()
    assert_harmless(terminal.seen)
    shown = terminal.seen.decode()
    for text in ("\\x1b]52;c;", "\\x9b31m", "\\u202egnp", "[@click=app.quit]x[/]", "\\udc9b"):
        assert text in shown


ANSWER = (
    b"HTTP/1.1 200 \x9b31m\xe2\x80\xae\r\nKeep-Alive: timeout=5, \x9b31m[/]\r\n"
    b"X-\xe2\x80\xae: [@click=app.quit]x\r\nServer: \xc2\x9b31m\r\nContent-Length: 2\r\n\r\nok"
)
PROFILE = """\
schema = 1
[agents."[/] x[/foo]y["]
kind = "http.Agent"
keep_alive = true
max_sockets = 2
[workloads."[@click=app.quit]x[/]"]
model = "open"
agent = "[/] x[/foo]y["
base_url = "http://127.0.0.1:{port}"
rate = "40/s"
requests = [ {{ name = "[@click=app.quit]x", path = "/[/]%1b]0;" }} ]
"""


def test_hostile_text_of_profiles_and_servers_commands_no_terminal(
    terminals: list[PseudoTerminal], tmp_path: Path
) -> None:
    server = CountingServer(ANSWER)
    profile = tmp_path / "\x1b]0;owned\x07\u202e[@click=app.quit].toml"
    profile.write_text(PROFILE.format(port=server.port))
    terminal = PseudoTerminal(
        pooltop("--profile", str(profile)),
        environment={"USER": "\x1b[31m", "HOSTNAME": "\u202e[/]"},
        folder=tmp_path,
    )
    terminals.append(terminal)
    try:
        terminal.wait_for("127.0.0.1")
        server.wait_for_requests(3)
        for page in "12345":
            drive(terminal, page)
        terminal.type("qq")
        assert 0 == terminal.end()
    finally:
        server.stop()
    assert_harmless(terminal.seen)
    assert "[@click=app.quit]x[/]" in terminal.seen.decode()


def test_what_is_not_ours_is_recognised() -> None:
    for text in HOSTILE[:7]:
        with pytest.raises(AssertionError):
            assert_harmless(text.encode("utf-8", "surrogateescape"))
