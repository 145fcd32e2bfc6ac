"""Which test covers which of Node's own tests: reads the markers, writes README.md beside this file.

    python tests/node/table.py            # write README.md anew
    python tests/node/table.py --check    # exit status 1 if it is stale or a marker is wrong

Tests are read, not imported: a test covers a file if it, or its class, is decorated with
``@pytest.mark.node_test("parallel/test-http-agent.js")``.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
README = HERE / "README.md"
MARKER = "node_test"


class TableError(Exception):
    """A marker or upstream.toml says something that cannot be; the message says where."""


@dataclass(frozen=True)
class Upstream:
    """What upstream.toml says of Node's files; each maps a file to a sentence."""

    files: Mapping[str, str]
    """Scenario and outcome of those that concern the agent."""
    not_applicable: Mapping[str, str]
    """Those of ``files`` that are not ported, and why."""
    internals: Mapping[str, str]
    """Those that have no counterpart here."""


@dataclass(frozen=True)
class Port:
    """A test here that covers files of Node's."""

    files: tuple[str, ...]
    module: Path
    name: str
    """Class or function; of a method ``Class.method``."""
    tests: int
    """How many test functions it holds."""


def read_upstream(path: Path) -> Upstream:
    """Read upstream.toml.

    Raises:
        TableError: a table is missing, or a reason is given for a file that is not listed.
    """
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        upstream = Upstream(**tables)
    except TypeError as error:
        raise TableError(f"{path.name}: {error}") from error
    for file in upstream.not_applicable:
        if file not in upstream.files:
            raise TableError(f"{path.name}: {file} is not applicable but not under [files]")
    return upstream


def class_name(file: str) -> str:
    """Give the name of the class that ports a file: TestHttpAgentMaxsockets."""
    words = re.split(r"[^0-9A-Za-z]+", Path(file).stem)
    return "".join(word[:1].upper() + word[1:] for word in words)


def find_ports(folder: Path) -> list[Port]:
    """Give every marked class and function below a folder, in the order of the files.

    Raises:
        TableError: a marker that names nothing or stands on what is no test, or a marked test
            that never runs.
    """
    ports: list[Port] = []
    for module in sorted(folder.rglob("test_*.py")):
        text = module.read_text(encoding="utf-8")
        if MARKER in text:
            ports += _ports_of(module, ast.parse(text).body, "")
    return ports


def check(upstream: Upstream, ports: Iterable[Port]) -> None:
    """Hold the markers against upstream.toml.

    Raises:
        TableError: a marker names an unknown file or one that is said not to apply, or a class
            in this folder does not have its file's name.
    """
    for port in ports:
        where = f"{port.module.name}: {port.name}"
        for file in port.files:
            if file not in upstream.files:
                raise TableError(f"{where} names {file}, which upstream.toml does not list")
            if file in upstream.not_applicable:
                raise TableError(f"{where} covers {file}, which upstream.toml calls not applicable")
        if port.module.parent == HERE and port.name not in map(class_name, port.files):
            wanted = class_name(port.files[0])
            raise TableError(f"{where} ports {port.files[0]}: make it a class named {wanted}")


def render(upstream: Upstream, ports: Iterable[Port]) -> str:
    """Give the README."""
    covering: dict[str, list[Port]] = {}
    for port in ports:
        for file in port.files:
            covering.setdefault(file, []).append(port)
    covered = sum(file in covering for file in upstream.files)
    excluded = len(upstream.not_applicable)
    missing = len(upstream.files) - covered - excluded
    tests = sum(port.tests for port in ports)
    rows = []
    for file, scenario in sorted(upstream.files.items()):
        here = ", ".join(map(_link, covering.get(file, ())))
        if file in upstream.not_applicable:
            here = f"does not apply: {upstream.not_applicable[file]}"
        rows.append(f"| {_cell(file)} | {_cell(scenario)} | {_cell(here or '**not yet**')} |")
    internals = [f"| {_cell(f)} | {_cell(why)} |" for f, why in sorted(upstream.internals.items())]
    return (
        (HERE / "README.in.md")
        .read_text(encoding="utf-8")
        .format(
            files=len(upstream.files),
            covered=covered,
            excluded=excluded,
            missing=missing,
            tests=tests,
            rows="\n".join(rows),
            internals="\n".join(internals),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    try:
        upstream, ports = read_upstream(HERE / "upstream.toml"), find_ports(TESTS)
        check(upstream, ports)
    except TableError as error:
        sys.exit(str(error))
    text = render(upstream, ports)
    if options.check:
        return int(text != README.read_text(encoding="utf-8"))
    README.write_text(text, encoding="utf-8")
    return 0


_Def = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _ports_of(module: Path, body: list[ast.stmt], prefix: str) -> Iterator[Port]:
    for node in body:
        if not isinstance(node, _Def):
            continue
        name = prefix + node.name
        files = _marked(module, name, node)
        if files:
            tests = sum(_is_test(each) for each in ast.walk(node))
            if not tests or not node.name.startswith(("Test", "test_")):
                raise TableError(f"{module.name}: {name} is marked but holds no test")
            for each in ast.walk(node):
                if isinstance(each, _Def) and {"skip", "xfail"} & {m for m, _ in _marks(each)}:
                    raise TableError(
                        f"{module.name}: {name} is marked but does not run or may fail"
                    )
            yield Port(files, module, name, tests)
        if isinstance(node, ast.ClassDef):
            yield from _ports_of(module, node.body, f"{name}.")


def _is_test(node: ast.AST) -> bool:
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return is_function and node.name.startswith("test_")


def _marked(module: Path, name: str, node: _Def) -> tuple[str, ...]:
    files: list[str] = []
    for mark, call in _marks(node):
        if mark != MARKER:
            continue
        given = [] if call is None else [getattr(arg, "value", None) for arg in call.args]
        if not given or not all(isinstance(file, str) for file in given):
            raise TableError(f"{module.name}: {name}: the marker takes Node's files as literals")
        files += given
    return tuple(files)


def _marks(node: _Def) -> Iterator[tuple[str, ast.Call | None]]:
    """Give the name and, if it is called, the call of every ``pytest.mark.NAME`` on a test."""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call else decorator
        if ast.unparse(target).startswith("pytest.mark."):
            yield ast.unparse(target).removeprefix("pytest.mark."), call


def _link(port: Port) -> str:
    path = Path(os.path.relpath(port.module, HERE)).as_posix()
    count = f" ({port.tests} tests)" if port.tests > 1 else ""
    return f"[{port.name}]({path}){count}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
