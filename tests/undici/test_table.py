"""TESTS.md says what is so: of each of undici's tests what covers it, or why nothing does."""

from __future__ import annotations

import pytest
from undici import table

ROW = table.Row("pool.js: stats", "six numbers")


def test_the_table_is_what_upstream_toml_says():
    assert table.TARGET.read_text("utf-8") == table.make(), "run: python tests/undici/table.py"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "neither a test nor a reason"),
        ({"cases": ("no-such-case",)}, "cases has no no-such-case"),
        ({"tests": ("undici/test_table.py::test_that_is_not_there",)}, "no test test_that"),
        ({"tests": ("undici/no_such_file.py::test_x",)}, "no test test_x"),
    ],
)
def test_a_row_that_names_nothing_that_is_there_is_refused(row, words):
    with pytest.raises(table.TableError, match=words):
        table.check([table.Row(ROW.test, ROW.asserts, **row)])


def test_a_row_with_a_test_that_runs_is_taken():
    name = "test_a_row_with_a_test_that_runs_is_taken"

    table.check([table.Row(ROW.test, ROW.asserts, tests=(f"undici/test_table.py::{name}",))])


def test_tests_that_are_skipped_or_may_fail_cover_nothing():
    source = """
@pytest.mark.skip("no")
def test_one(): ...

class TestTwo:
    @pytest.mark.xfail
    async def test_two(self): ...
    async def test_three(self): ...
"""
    assert {"test_three"} == table.tests_of(source)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[rows]]\ntest = "a"\nasserts = "b"\ncase = ["c"]', "unexpected keyword"),
        ('[[rows]]\ntest = "a"', "missing"),
        ('[[rows]]\ntest = "a"\nasserts = "b"\ncases = ["c", "c"]', "twice"),
    ],
)
def test_a_table_that_is_written_wrong_is_refused(tmp_path, text, words):
    path = tmp_path / "upstream.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(table.TableError, match=words):
        table.read(path)
