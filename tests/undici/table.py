"""Which of undici's own tests are covered here, and by what: reads upstream.toml, writes TESTS.md.

    python tests/undici/table.py          # write TESTS.md
    python tests/undici/table.py --check  # only say, by the exit status, whether it is up to date

What is named must be there: a scenario with its trace, a test function that runs. Tests are read,
not imported.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent
TARGET = HERE / "TESTS.md"


class TableError(Exception):
    """upstream.toml says something that is not so; the message says of which row."""


@dataclass(frozen=True)
class Row:
    """What stands for some of undici's tests that belong together."""

    test: str
    asserts: str
    cases: tuple[str, ...] = ()
    """Recorded scenarios, by name."""
    tests: tuple[str, ...] = ()
    """Test functions, ``FILE::NAME`` below ``tests``."""
    left_out: str = ""
    """What has no counterpart, and why; "" where all of it has one."""


def read(path: Path) -> list[Row]:
    """Read upstream.toml.

    Raises:
        TableError: a row has an unknown key, lacks one, or says the same twice.
    """
    rows = []
    for table in tomllib.loads(path.read_text(encoding="utf-8"))["rows"]:
        lists = {key: tuple(table.get(key, ())) for key in ("cases", "tests")}
        try:
            row = Row(**{**table, **lists})
        except TypeError as error:
            raise TableError(f"{table.get('test', '?')}: {error}") from error
        for names in lists.values():
            if len(set(names)) < len(names):
                raise TableError(f"{row.test}: names something twice")
        rows.append(row)
    return rows


def check(rows: Iterable[Row]) -> None:
    """Hold each row against what is there.

    Raises:
        TableError: it has neither a test nor a reason, or names what is not there or is skipped.
    """
    running: dict[str, set[str]] = {}
    for row in rows:
        if not row.cases and not row.tests and not row.left_out:
            raise TableError(f"{row.test}: neither a test nor a reason")
        for case in row.cases:
            for kind in ("cases", "traces"):
                if not (HERE / kind / f"{case}.json").is_file():
                    raise TableError(f"{row.test}: {kind} has no {case}")
        for test in row.tests:
            file, _, name = test.partition("::")
            if file not in running:
                path = TESTS / file
                running[file] = tests_of(path.read_text("utf-8")) if path.is_file() else set()
            if name not in running[file]:
                raise TableError(f"{row.test}: {file} has no test {name} that always runs")


def tests_of(source: str) -> set[str]:
    """Give the test functions of a module that are neither skipped nor allowed to fail."""
    return {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not any(
            word in ast.unparse(decorator)
            for decorator in node.decorator_list
            for word in ("skip", "xfail")
        )
    }


def render(rows: list[Row]) -> str:
    """Give TESTS.md."""
    whole = sum(not row.left_out for row in rows)
    none = sum(not row.cases and not row.tests for row in rows)
    cases = len({case for row in rows for case in row.cases})
    tests = len({test for row in rows for test in row.tests})
    lines = [
        "# undici's own tests, here",
        "",
        f"Of {len(rows)} groups of tests in undici's `test` folder that concern its pools, {whole} are",
        f"covered whole, {len(rows) - whole - none} but for what the last column says, {none} not. What",
        f"covers them: {cases} scenarios, recorded from real undici and done by pooltop's core and, over",
        f"real sockets, by its engine (see [README.md](README.md)), and {tests} tests. Written by",
        "`table.py` from [upstream.toml](upstream.toml).",
        "",
        "| undici's test | asserts | scenarios | tests | left out |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        scenarios = ", ".join(f"[{case}](cases/{case}.json)" for case in row.cases)
        links = ", ".join(map(_link, row.tests))
        cells = (row.test, row.asserts, scenarios, links, row.left_out)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def make() -> str:
    """Give TESTS.md of what there is.

    Raises:
        TableError: upstream.toml is wrong.
    """
    rows = read(HERE / "upstream.toml")
    check(rows)
    return render(rows)


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"[{name}]({Path(os.path.relpath(TESTS / file, HERE)).as_posix()})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    try:
        text = make()
    except TableError as error:
        sys.exit(str(error))
    if options.check:
        return int(text != TARGET.read_text(encoding="utf-8"))
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
