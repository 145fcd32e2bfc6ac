"""The command line's grammar: from words to a Request, or one sentence about what is wrong.

Parsed by hand from one table: ``--help`` and ``--version`` have to answer before anything heavy
is imported, and a mistyped option should be told which one was meant.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WITH_VALUE = {
    "--profile": "a file",
    "--duration": "a time like 30s",
    "--interval": "a time like 1s",
    "--auto-revert": "a time like 60s, or off",
    "--allow": "a host",
    "--set": "KEY=VALUE",
    "--name": "a name",
    "--record": "a file",
    "--report": "a file",
    "--output": "a file",
    "--html": "a file",
    "--handout": "a folder",
    "--save-tuned": "a file",
    "--format": "one of line, json, ndjson and csv",
    "--theme": "a name",
    "--keys": "a file",
    "--port": "a number",
    "--listen": "an address",
    "--prometheus": "an address and a port",
    "--as": "a client, like node-http",
    "--agent": "an agent's name",
    "--host": "a host",
    "--most": "a number",
}
_FLAGS = (
    *("--headless", "--json", "--read-only", "--write", "--ascii", "--no-mouse"),
    *("--detach", "--strict", "--print-config", "--version", "--help", "--tls", "--plain"),
)
_SHORT = {"-h": "--help", "-V": "--version", "-o": "--output"}
_COMMANDS = (
    "demo",
    "init",
    "check",
    "explain",
    "export",
    "schema",
    "replay",
    "report",
    "compare",
    "attach",
    "list",
    "stop",
    "keys",
    "serve",
    "tune",
)
_OF_THE_DEMO = ("lessons", "lesson")
"""What ``demo`` can be told to do instead, as commands of their own."""
_OF_A_PROFILE = (
    *("--profile", "--allow", "--set", "--strict", "--print-config"),
    *("--auto-revert", "--detach", "--name", "--prometheus"),
)
_OF_A_SCREEN = (
    *("--headless", "--json", "--format", "--read-only"),
    *("--interval", "--duration", "--record", "--report", "--save-tuned"),
)
FORMATS = ("line", "json", "ndjson", "csv")
"""The ways in which a run can be printed."""
_LOOKS = ("--theme", "--ascii", "--no-mouse")
_OF_A_VIEWER = (*_OF_A_SCREEN, *_LOOKS, "--keys")
_NOT_FOR = {
    "check": ("--detach", "--print-config", "--name", *_OF_A_VIEWER),
    "replay": (
        *_OF_A_PROFILE,
        *("--interval", "--duration", "--record", "--report", "--save-tuned"),
    ),
    "report": (*_OF_A_PROFILE, *_OF_A_VIEWER),
    "compare": (*_OF_A_PROFILE, *(each for each in _OF_A_VIEWER if each != "--format")),
    "attach": _OF_A_PROFILE,
    "list": (*_OF_A_PROFILE, *(each for each in _OF_A_VIEWER if each != "--json")),
    "stop": (*_OF_A_PROFILE, *_OF_A_VIEWER),
    "keys": (*_OF_A_PROFILE, *_OF_A_SCREEN, *_LOOKS),
    "serve": ("--detach", *_OF_A_VIEWER),
    "explain": (
        *("--auto-revert", "--detach", "--print-config", "--name"),
        *(each for each in _OF_A_VIEWER if each != "--json"),
    ),
    "lessons": (*_OF_A_PROFILE, *_OF_A_VIEWER),
    "lesson": (
        *(each for each in _OF_A_PROFILE if each != "--set"),
        *(each for each in _OF_A_SCREEN if each != "--headless"),
    ),
    "export": (
        *("--auto-revert", "--detach", "--print-config", "--name", "--prometheus"),
        *_OF_A_VIEWER,
    ),
    "tune": (
        *("--auto-revert", "--detach", "--print-config", "--name", "--prometheus"),
        *(each for each in _OF_A_VIEWER if each != "--json"),
    ),
    "init": (*_OF_A_PROFILE, *_OF_A_VIEWER),
    "schema": (*_OF_A_PROFILE, *_OF_A_VIEWER),
}
"""Options that a command would have to ignore."""
_OF_SERVE = ("--port", "--listen", "--write")
_OF_POLICIES = ("--tls", "--plain")
_OF_EXPORT = ("--as", "--agent")
_OF_TUNE = ("--host", "--most")


class ArgumentError(Exception):
    """The command line cannot be used; the message is one sentence."""


class Request:
    """What the command line asks for."""

    __slots__ = (
        "agent",
        "allow",
        "as_",
        "ascii",
        "auto_revert",
        "command",
        "compared",
        "detach",
        "duration",
        "engine",
        "format",
        "handout",
        "headless",
        "help",
        "host",
        "html",
        "interval",
        "json",
        "key",
        "keys",
        "lesson",
        "listen",
        "most",
        "name",
        "no_mouse",
        "output",
        "plain",
        "policies",
        "port",
        "print_config",
        "profile",
        "prometheus",
        "read_only",
        "record",
        "recording",
        "report",
        "save_tuned",
        "set",
        "strict",
        "theme",
        "tls",
        "version",
        "write",
    )

    def __init__(self) -> None:
        """Ask for nothing yet."""
        self.command = "run"
        """"run", or the command's name; "lessons" and "lesson" of the demo's."""
        self.profile: str | None = None
        """The file to read; of init the one to write."""
        self.headless = self.json = self.read_only = self.version = self.help = False
        self.ascii = self.no_mouse = self.print_config = self.strict = False
        self.key: str | None = None
        """What to explain; None for a list of all terms."""
        self.theme: str | None = None
        """The dashboard's; None for what suits the terminal."""
        self.detach = self.write = False
        self.name: str | None = None
        """What an engine in the background is to be called; None for as its profile."""
        self.engine: str | None = None
        """The one to attach to, to stop or to serve; None for the only one."""
        self.duration: str | None = None
        """As written; so are ``interval`` and ``auto_revert``."""
        self.interval: str | None = None
        self.auto_revert: str | None = None
        self.allow: tuple[str, ...] = ()
        self.set: tuple[str, ...] = ()
        """``KEY=VALUE`` of the profile, as written."""
        self.prometheus: str | None = None
        """Where to serve the numbers, as written; None for where the profile says."""
        self.format: str | None = None
        """One of FORMATS; None where none is said."""
        self.record: str | None = None
        """The file to write a recording to; None for no recording."""
        self.report: str | None = None
        """The file to write a report of the run to; None for no report."""
        self.output: str | None = None
        """The file to write the report of a recording to; None for beside it."""
        self.save_tuned: str | None = None
        """The file for what was tuned; None for none."""
        self.lesson: str | None = None
        """Number or name of the lesson to play."""
        self.handout: str | None = None
        """The folder for a picture of each step of a lesson; None for none."""
        self.html: str | None = None
        """The file to write the page of a comparison to; None prints it."""
        self.keys: str | None = None
        """The file of keys; None for the usual one."""
        self.port: str | None = None
        """As written; so is ``listen``."""
        self.listen: str | None = None
        self.as_: str | None = None
        """The client to make code for; None for a list of them."""
        self.agent: str | None = None
        """The agent whose limits it has, or whose limit is looked for; None for the only one."""
        self.host: str | None = None
        """The host whose limit is looked for."""
        self.most: str | None = None
        """The highest limit that is tried, as written; None for the usual."""
        self.recording: str | None = None
        """The file to replay, or to report."""
        self.compared: tuple[str, str] | None = None
        """The files to compare, the old one first."""
        self.policies: tuple[str, ...] | None = None
        """What the demo compares: two policies, or none for the usual; None for no comparison."""
        self.tls = self.plain = False
        """How: over TLS, which is usual, or without."""

    @property
    def settings(self) -> tuple[str, ...]:
        """All that is said of the profile: ``KEY=VALUE``."""
        said = list(self.set)
        if self.prometheus is not None:
            said.append(f"export.prometheus.listen={self.prometheus}")
        if self.auto_revert is not None:
            said.append(f"auto_revert={self.auto_revert}")
        return tuple(said)

    @property
    def form(self) -> str:
        """How a run is to be printed: one of FORMATS."""
        return "ndjson" if self.json else self.format or "line"


def parse(words: Sequence[str]) -> Request:
    """Give what the words after the program's name ask for.

    Raises:
        ArgumentError: they make no sense.
    """
    request = Request()
    rest = iter(words)
    files: list[str] = []
    command = ""
    for word in rest:
        if word.startswith("-") and word != "-":
            _option(word, rest, request)
        elif not command and not files and word in _COMMANDS:
            request.command = command = word
        else:
            files.append(word)
    if not (request.help or request.version):
        _check(request, files)
    return request


def _option(word: str, rest: Iterator[str], request: Request) -> None:
    name, given, value = word.partition("=")
    name = _SHORT.get(name, name)
    if name in _FLAGS:
        if given:
            raise ArgumentError(f"{name} takes no value")
        setattr(request, _attribute(name), True)
        return
    what = _WITH_VALUE.get(name)
    if what is None:
        raise ArgumentError(f"unknown option {_shown(name)}{_did_you_mean(name)}")
    if not given:
        value = next(rest, "")
        if value.startswith("--"):
            raise ArgumentError(f"{name} needs {what}, not {_shown(value)}")
    if not value:
        raise ArgumentError(f"{name} needs {what}")
    attribute = _attribute(name)
    if name in ("--allow", "--set"):
        setattr(request, attribute, (*getattr(request, attribute), value))
    elif getattr(request, attribute) is not None:
        raise ArgumentError(f"{name} is given twice")
    else:
        setattr(request, attribute, value)


def _attribute(name: str) -> str:
    # "as" is a word of Python's own.
    return "as_" if name == "--as" else name[2:].replace("-", "_")


def _check(request: Request, files: list[str]) -> None:
    """Refuse what does not fit together."""
    if request.command == "demo" and files and files[0] in _OF_THE_DEMO:
        request.command = files.pop(0)
    if request.command == "check":
        if request.profile is not None:
            files.append(request.profile)
        if len(files) != 1:
            raise ArgumentError("check needs one profile: pooltop check FILE")
        request.profile = files[0]
        _check_detached(request)
        return
    _check_format(request)
    _check_detached(request)
    if request.command == "replay":
        if len(files) != 1:
            raise ArgumentError("replay needs one recording: pooltop replay FILE")
        request.recording = files.pop()
    if request.command == "report":
        if len(files) != 1:
            raise ArgumentError("report needs one recording: pooltop report FILE")
        request.recording = files.pop()
    elif request.output is not None:
        raise ArgumentError("--output is of pooltop report")
    if request.command != "lesson" and request.handout is not None:
        raise ArgumentError("--handout is of pooltop demo lesson")
    if request.command != "compare" and request.html is not None:
        raise ArgumentError("--html is of pooltop compare")
    if request.command == "compare":
        if len(files) != 2:
            raise ArgumentError("compare needs two recordings: pooltop compare OLD NEW")
        if request.form not in ("line", "json"):
            raise ArgumentError(f"compare prints line or json, not {request.form}")
        request.compared = (files[0], files[1])
        files.clear()
    _check_demo(request, files)
    if request.command == "explain":
        _check_explain(request, files)
    if request.command == "lesson":
        if len(files) != 1:
            raise ArgumentError("lesson needs one: pooltop demo lesson N; demo lessons lists them")
        request.lesson = files.pop()
    _check_export(request, files)
    _check_tune(request, files)
    if request.command == "init" and files:
        request.profile = files.pop(0)
    if request.command in ("attach", "stop", "serve") and files:
        request.engine = files.pop(0)
    if request.command == "stop" and request.engine is None:
        raise ArgumentError("stop needs the engine's name: pooltop list shows them")
    if request.engine is not None and request.profile is not None:
        raise ArgumentError("serve shows an engine that runs, or runs --profile FILE: not both")
    if files:
        word = files[0]
        if word.endswith(".toml"):
            hint = f"; did you mean --profile {_shown(word)}?"
        else:
            hint = _did_you_mean(word)
        raise ArgumentError(f"unexpected argument {_shown(word)}{hint}")
    if request.command == "run" and request.profile is None:
        raise ArgumentError("nothing to watch: say --profile FILE, or pooltop demo")


def _check_demo(request: Request, files: list[str]) -> None:
    """Take what the demo is to show."""
    if request.command == "demo" and files:
        if files[0] != "compare":
            hint = _did_you_mean(files[0], ("compare", *_OF_THE_DEMO))
            raise ArgumentError(f"unexpected argument {_shown(files[0])}{hint}")
        request.policies = tuple(files[1:])
        if len(request.policies) not in (0, 2):
            raise ArgumentError("demo compare takes two policies: pooltop demo compare A B")
        files.clear()
        if request.profile is not None:
            raise ArgumentError("demo compare makes its own profile: leave --profile out")
    if request.policies is None:
        for option in _OF_POLICIES:
            if getattr(request, _attribute(option)):
                raise ArgumentError(f"{option} is of pooltop demo compare")
    elif request.tls and request.plain:
        raise ArgumentError("--tls and --plain exclude each other")


def _check_explain(request: Request, words: list[str]) -> None:
    """Take what is to be explained: a key of a profile, or a term, of which some have blanks."""
    if request.profile is None:
        request.key = " ".join(words) if words else None
        for option in _OF_A_PROFILE:
            if getattr(request, _attribute(option)):
                raise ArgumentError(f"explain takes {option} with --profile FILE alone")
    elif len(words) != 1:
        raise ArgumentError("explain needs a key of the profile: explain KEY --profile FILE")
    elif request.json:
        raise ArgumentError("explain KEY --profile FILE takes no --json")
    else:
        request.key = words[0]
    words.clear()


def _check_export(request: Request, files: list[str]) -> None:
    """Take the profile whose limits are made code of."""
    if request.command != "export":
        for option in _OF_EXPORT:
            of_both = option == "--agent" and request.command == "tune"
            if getattr(request, _attribute(option)) is not None and not of_both:
                raise ArgumentError(f"{option} is of pooltop export")
        return
    if request.profile is not None:
        files.append(request.profile)
    if len(files) > 1 or (not files and request.as_ is not None):
        raise ArgumentError("export needs one profile: pooltop export FILE --as TARGET")
    request.profile = files.pop() if files else None


def _check_tune(request: Request, files: list[str]) -> None:
    """Take the profile of whose hosts one has its limit looked for."""
    if request.command != "tune":
        for option in _OF_TUNE:
            if getattr(request, _attribute(option)) is not None:
                raise ArgumentError(f"{option} is of pooltop tune")
        return
    if request.profile is not None:
        files.append(request.profile)
    if len(files) != 1 or request.host is None:
        raise ArgumentError("tune needs a profile and a host: pooltop tune FILE --host H")
    request.profile = files.pop()


def _check_format(request: Request) -> None:
    if request.format is None:
        return
    if request.format not in FORMATS:
        hint = _did_you_mean(request.format, FORMATS)
        message = f"--format {_shown(request.format)}: allowed are {', '.join(FORMATS)}{hint}"
        raise ArgumentError(message)
    if request.json and request.format != "ndjson":
        raise ArgumentError(f"--json is --format ndjson, and --format {request.format} is another")


def _check_detached(request: Request) -> None:
    """Refuse options that would have no effect where engines of the background are concerned."""
    for option in _NOT_FOR.get(request.command, ()):
        if getattr(request, _attribute(option)):
            raise ArgumentError(f"{request.command} takes no {option}")
    if request.command != "serve":
        for option in _OF_SERVE:
            if getattr(request, _attribute(option)):
                raise ArgumentError(f"{option} is of pooltop serve")
    if request.detach:
        for option in (
            "--headless",
            "--json",
            "--format",
            "--read-only",
            "--interval",
            "--record",
            "--report",
            "--save-tuned",
            "--keys",
        ):
            if getattr(request, _attribute(option)):
                raise ArgumentError(f"--detach shows nothing: say {option} to pooltop attach")
    elif request.name is not None and not (request.command == "serve" and request.profile):
        raise ArgumentError("--name is for an engine in the background: add --detach")


def _did_you_mean(word: str, known: Sequence[str] | None = None) -> str:
    import difflib

    if known is None:
        known = (*_WITH_VALUE, *_FLAGS) if word.startswith("-") else _COMMANDS
    found = difflib.get_close_matches(word[:64], known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _shown(word: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in word[:200])
