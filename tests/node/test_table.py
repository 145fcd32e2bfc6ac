"""The table of Node's tests is true: every marker names a file of Node's, and README.md says so."""

from __future__ import annotations

import pytest
from node import table


def _ports_in(tmp_path, source):
    (tmp_path / "test_x.py").write_text(source, encoding="utf-8")
    return table.find_ports(tmp_path)


def _upstream(**tables):
    files = {"parallel/test-a.js": "scenario"}
    return table.Upstream(**{"files": files, "not_applicable": {}, "internals": {}, **tables})


def test_the_readme_is_what_the_markers_say():
    upstream, ports = (
        table.read_upstream(table.HERE / "upstream.toml"),
        table.find_ports(table.TESTS),
    )
    table.check(upstream, ports)
    expected = table.render(upstream, ports)
    assert expected == table.README.read_text(encoding="utf-8"), "run: python tests/node/table.py"


def test_classes_functions_and_methods_are_found_without_importing_them(tmp_path):
    ports = _ports_in(
        tmp_path,
        "import does_not_exist\n"
        "@pytest.mark.node_test('a', 'b')\n"
        "class TestA:\n"
        "    def test_one(self): ...\n"
        "    @pytest.mark.parametrize('x', [1, 2])\n"
        "    async def test_two(self, x): ...\n"
        "class TestB:\n"
        "    @pytest.mark.node_test('c')\n"
        "    async def test_three(self): ...\n"
        "@pytest.mark.node_test('d')\n"
        "@pytest.mark.node_test('e')\n"
        "def test_four(): ...\n"
        "def test_five(): ...\n",
    )
    assert [
        (("a", "b"), "TestA", 2),
        (("c",), "TestB.test_three", 1),
        (("d", "e"), "test_four", 1),
    ] == [(port.files, port.name, port.tests) for port in ports]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("@pytest.mark.node_test\ndef test_a(): ...\n", "as literals"),
        ("@pytest.mark.node_test()\ndef test_a(): ...\n", "as literals"),
        ("@pytest.mark.node_test(FILE)\ndef test_a(): ...\n", "as literals"),
        ("@pytest.mark.node_test('a')\ndef helper(): ...\n", "holds no test"),
        ("@pytest.mark.node_test('a')\nclass TestA: ...\n", "holds no test"),
        ("@pytest.mark.node_test('a')\n@pytest.mark.skip\ndef test_a(): ...\n", "does not run"),
        (
            "@pytest.mark.node_test('a')\nclass TestA:\n"
            "    @pytest.mark.xfail(strict=True)\n    def test_a(self): ...\n",
            "may fail",
        ),
    ],
)
def test_a_marker_that_covers_nothing_is_refused(tmp_path, source, fault):
    with pytest.raises(table.TableError, match=fault):
        _ports_in(tmp_path, source)


@pytest.mark.parametrize(
    ("file", "not_applicable", "fault"),
    [
        ("parallel/test-z.js", {}, "does not list"),
        ("parallel/test-a.js", {"parallel/test-a.js": "why"}, "calls not applicable"),
    ],
)
def test_a_marker_names_a_file_that_is_listed_and_applies(tmp_path, file, not_applicable, fault):
    ports = _ports_in(tmp_path, f"@pytest.mark.node_test('{file}')\ndef test_a(): ...\n")
    with pytest.raises(table.TableError, match=fault):
        table.check(_upstream(not_applicable=not_applicable), ports)


def test_a_class_in_this_folder_has_its_files_name():
    def port(name):
        return table.Port(("parallel/test-http-a-checkB.js",), table.HERE / "test_x.py", name, 1)

    upstream = _upstream(files={"parallel/test-http-a-checkB.js": "scenario"})
    table.check(upstream, [port("TestHttpACheckB")])
    with pytest.raises(table.TableError, match="class named TestHttpACheckB"):
        table.check(upstream, [port("TestOther")])


def test_what_is_covered_excluded_and_missing_adds_up():
    upstream = _upstream(
        files={"p/test-a.js": "one", "p/test-b.js": "two | three", "p/test-c.js": "four"},
        not_applicable={"p/test-b.js": "it cannot"},
        internals={"p/test-d.js": "a map"},
    )
    port = table.Port(("p/test-a.js",), table.TESTS / "engine" / "test_x.py", "test_y", 1)
    text = table.render(upstream, [port])
    for line in (
        "Of the 3 files in Node's",
        "| p/test-a.js | one | [test_y](../engine/test_x.py) |\n",
        "| p/test-b.js | two \\| three | does not apply: it cannot |\n",
        "| p/test-c.js | four | **not yet** |\n",
        "| p/test-d.js | a map |\n",
    ):
        assert line in text
    assert "1 are covered by\n1 tests here, 1 do not apply, 1 are not ported yet" in text


def test_a_reason_is_given_only_for_a_file_that_is_listed(tmp_path):
    path = tmp_path / "upstream.toml"
    path.write_text('[files]\n[not_applicable]\n"x" = "why"\n[internals]\n', encoding="utf-8")
    with pytest.raises(table.TableError, match="x is not applicable"):
        table.read_upstream(path)
    path.write_text("[files]\n[elsewhere]\n", encoding="utf-8")
    with pytest.raises(table.TableError, match="elsewhere"):
        table.read_upstream(path)
