"""What was tuned, written as a profile: loaded again it gives exactly what was in force."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pooltop import cli
from pooltop.core.edits import EDITABLE, EditRecord, Value, apply_edit
from pooltop.core.model import OriginKey, Profile
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.core.traffic import Stage
from pooltop.errors import UsageError
from pooltop.profiles import load
from pooltop.profiles.saving import Saving
from pooltop.profiles.tuned_file import MARK, default_name, is_tuned

BUILTIN = str(Path(cli.__file__).parents[1] / "demo" / "builtin.toml")
PROFILE = """\
[agents.api]
max_sockets = 20
max_total_sockets = 100
timeout = "30s"
[agents.api.hosts."127.0.0.1:80"]
max_sockets = 3
[agents."odd $name"]
[workloads.browse]
agent = "api"
base_url = "http://127.0.0.1:80"
rate = "50/s"
[workloads.ramp]
agent = "api"
base_url = "http://127.0.0.1:80"
rate = "5/s"
stages = [ { to = "200/s", over = "30s" }, { hold = "1m" } ]
[workloads.clerk]
model = "closed"
agent = "odd $name"
base_url = "http://127.0.0.1:8080"
users = 25
"""
OPTIONS: dict[str, tuple[Value, ...]] = {
    "max_sockets": (50.0, math.inf),
    "max_free_sockets": (7.0, math.inf),
    "max_total_sockets": (80.0, math.inf),
    "timeout": (1500.5, 3_600_000.0, 0.0),
    "keep_alive": (True,),
    "scheduling": ("fifo",),
    "live": ("drain",),
}
WALL = 1_900_000_000.0


def edit(
    number: int, option: str, before: Value | None, after: Value | None, **more: object
) -> EditRecord:
    who = {"agent": "api"} if "workload" not in more else {}
    return EditRecord(
        **{
            "number": number,
            "at": float(number),
            "wall_at": WALL,
            "option": option,
            "before": before,
            "after": after,
            "by": "operator",
            **who,
            **more,
        }
    )


def running(
    profile: Profile, *edits: EditRecord, asked: dict[str, float] | None = None, **options: Value
) -> Snapshot:
    """Give the instant of an engine that runs a profile, the options of "api" as given."""
    asked = asked or {}
    return Snapshot(
        seq=1,
        at=100.0,
        wall_at=WALL,
        profile=profile.path,
        edits=edits,
        agents=tuple(
            AgentSnapshot(
                name=one.name,
                initial_options=one.options,
                options=msgspec.structs.replace(
                    one.options,
                    **(options if one.name == "api" and one.dispatcher is None else {}),
                ),
                initial_dispatcher=one.dispatcher,
                dispatcher=one.dispatcher and msgspec.structs.replace(one.dispatcher, **options),
            )
            for one in profile.agents
        ),
        workloads=tuple(
            WorkloadSnapshot(
                name=one.name,
                agent=one.agent,
                target="x:80",
                state="running",
                pattern="",
                model=one.model,
                rate=asked.get(one.name, one.rate) if one.model == "open" else None,
                users=int(asked.get(one.name, one.users)) if one.model == "closed" else None,
                initial_rate=one.rate if one.model == "open" else None,
                initial_users=one.users if one.model == "closed" else None,
            )
            for one in profile.workloads
        ),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "prod.toml"
    found.write_text(PROFILE)
    return found


@pytest.fixture
def saved(path: Path, tmp_path: Path) -> Callable[..., Profile]:
    """Save an instant beside the profile, and load what was written."""

    def save(*edits: EditRecord, **more: object) -> Profile:
        loaded = load(path)
        file = str(tmp_path / "prod-tuned.toml")
        snapshot = running(loaded.profile, *edits, **more)
        Saving(BUILTIN, path=str(path), loaded=loaded).draft(snapshot).write(file)
        again = load(file)
        # That one limit makes another pointless is as true of the file as it was of the run.
        assert [] == [each for each in again.warnings if "is lower and wins" not in each.message]
        return again.profile

    return save


def test_every_editable_option_has_values_here() -> None:
    assert set(EDITABLE) == set(OPTIONS)


@pytest.mark.parametrize(
    ("option", "value"), [(option, value) for option in OPTIONS for value in OPTIONS[option]]
)
def test_an_option_is_loaded_again_as_it_was_in_force(saved, path, option, value) -> None:
    before = load(path).profile
    record = edit(1, option, getattr(before.agents[0].options, option), value)

    again = saved(record, **{option: value})

    wanted = apply_edit(before.agents[0].options, option, value)
    if wanted == before.agents[0].options:
        pytest.fail("the value changes nothing, so it shows nothing")
    assert wanted == again.agents[0].options
    assert before.agents[0].hosts == again.agents[0].hosts
    assert before.agents[1:] == again.agents[1:]
    assert before.workloads == again.workloads


@pytest.mark.parametrize(("name", "value"), [("browse", 120.0), ("browse", 100 / 3), ("clerk", 7)])
def test_a_load_is_loaded_again_as_it_was_asked_for(saved, path, name, value) -> None:
    before = load(path).profile
    option = "users" if name == "clerk" else "rate"

    again = saved(edit(1, option, 50.0, value, workload=name), asked={name: value})

    wanted = {one.name: one for one in before.workloads}
    wanted[name] = msgspec.structs.replace(wanted[name], **{option: value})
    assert list(wanted.values()) == list(again.workloads)


def test_of_a_load_that_is_on_its_way_the_goal_is_written(path) -> None:
    loaded = load(path)
    snapshot = running(loaded.profile, edit(1, "rate", 50.0, 90.0, workload="browse"))
    browse = msgspec.structs.replace(snapshot.workloads[0], rate=61.3, heading_for=90.0)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        msgspec.structs.replace(snapshot, workloads=(browse, *snapshot.workloads[1:]))
    )
    assert ["90/s"] == [each.after for each in draft.tuned.changes]


@pytest.mark.parametrize("rate", [5.0, 60.0])
def test_a_load_that_an_edit_holds_is_held_for_as_long_as_its_stages_took(saved, rate) -> None:
    again = saved(edit(1, "rate", 77.0, rate, workload="ramp"), asked={"ramp": rate})

    ramp = again.workloads[1]
    assert (rate, (Stage(over_s=90.0),)) == (ramp.rate, ramp.stages)


@pytest.mark.parametrize(
    "edits",
    [
        (),
        (
            edit(1, "rate", 77.0, 60.0, workload="ramp", fate="undone", was_on_stages=True),
            edit(2, "rate", 60.0, 91.0, workload="ramp", by="undo", on_stages=True),
        ),
        (
            edit(1, "rate", 77.0, 60.0, workload="ramp", was_on_stages=True),
            edit(2, "rate", 60.0, 5.0, workload="ramp", by="restore", on_stages=True),
        ),
        (edit(1, "rate", 77.0, 60.0, workload="ramp", revert_at=130.0),),
    ],
)
def test_a_load_that_is_on_its_stages_was_not_tuned(path, edits) -> None:
    loaded = load(path)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, *edits, asked={"ramp": 91.0})
    )
    assert () == draft.tuned.changes


def test_what_a_host_has_for_itself_is_written_at_the_host(path, tmp_path) -> None:
    loaded = load(path)
    snapshot = running(
        loaded.profile, edit(1, "max_sockets", 3.0, 7.0, host="127.0.0.1:80"), max_sockets=20.0
    )
    origin = OriginSnapshot(
        key=OriginKey("127.0.0.1:80:"),
        scheme="http",
        host="127.0.0.1",
        port=80,
        own_limits={"max_sockets": 7.0},
    )
    agent = msgspec.structs.replace(snapshot.agents[0], origins=(origin,))
    snapshot = msgspec.structs.replace(snapshot, agents=(agent, *snapshot.agents[1:]))
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(snapshot)
    (change,) = draft.tuned.changes
    assert ('agents.api.hosts."127.0.0.1:80".max_sockets', "3 -> 7", "edit 1") == (
        change.key,
        change.values,
        change.why,
    )
    file = str(tmp_path / "t.toml")
    draft.write(file)
    again = load(file).profile.agents[0]
    assert (7, 20) == (again.hosts["127.0.0.1:80"].max_sockets, again.options.max_sockets)


def test_a_name_that_could_be_a_reference_is_written_as_it_is(tmp_path) -> None:
    odd = tmp_path / "p ${env:X} $.toml"
    odd.write_text(PROFILE)
    loaded = load(odd)
    file = str(tmp_path / "t.toml")
    snapshot = running(loaded.profile, max_sockets=21.0)
    Saving(BUILTIN, path=str(odd), loaded=loaded).draft(snapshot).write(file)
    assert 21 == load(file).profile.agents[0].options.max_sockets


@pytest.mark.parametrize(
    ("edits", "stands"),
    [
        ((edit(1, "max_sockets", 20.0, 80.0, revert_at=130.0),), None),
        (
            (
                edit(1, "max_sockets", 20.0, 50.0, fate="kept"),
                edit(2, "max_sockets", 50.0, 80.0, revert_at=130.0),
            ),
            50,
        ),
        (
            (
                edit(1, "max_sockets", 20.0, 50.0, fate="superseded"),
                edit(2, "max_sockets", 50.0, 80.0, revert_at=130.0),
            ),
            None,
        ),
        (
            (
                edit(1, "max_sockets", 20.0, 60.0, fate="reverted"),
                edit(2, "max_sockets", 60.0, 20.0, by="revert"),
                edit(3, "max_sockets", 20.0, 80.0, revert_at=130.0),
            ),
            None,
        ),
        (
            (
                edit(1, "max_sockets", 20.0, None),
                edit(2, "max_sockets", None, 80.0, revert_at=130.0),
            ),
            "unlimited",
        ),
    ],
)
def test_what_would_be_put_back_is_left_out_and_said(path, edits, stands) -> None:
    loaded = load(path)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, *edits, max_sockets=80.0)
    )
    assert ([] if stands is None else [stands]) == [each.after for each in draft.tuned.changes]
    number = edits[-1].number
    assert (
        f"agents.api.max_sockets 80 of edit {number}: nobody kept it, and it would be put back",
    ) == draft.tuned.left_out


def test_what_no_profile_can_say_is_left_out_and_said(path) -> None:
    loaded = load(path)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, max_sockets=0.0, timeout=1e20)
    )
    assert () == draft.tuned.changes
    (sockets, timeout) = draft.tuned.left_out
    assert sockets.startswith('agents.api.max_sockets 0: Node reads 0 as "not set"')
    assert timeout.startswith("agents.api.timeout ")


def test_the_heading_has_what_changed_why_and_what_came_of_it(path, tmp_path) -> None:
    loaded = load(path)
    file = tmp_path / "t.toml"
    snapshot = running(
        loaded.profile,
        edit(3, "max_sockets", 20.0, 50.0),
        edit(4, "timeout", 30000.0, 1000.0, revert_at=130.0),
        max_sockets=50.0,
        timeout=1000.0,
    )
    Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        snapshot, {3: "better: queue 140 > 0", 4: "worse"}.__getitem__
    ).write(str(file))
    head, _, tail = file.read_text().partition("\n\n")
    assert [
        f"{MARK}: what was in force at 2030-03-17 17:46:40 UTC, over the profile that it includes.",
        f"# It came from {path}.",
        "#",
        "#   agents.api.max_sockets  20 -> 50  (edit 3, better: queue 140 > 0)",
        '# Left out: agents.api.timeout "1s" of edit 4: nobody kept it, and it would be put back',
    ] == head.split("\n")
    assert 'include = [\n    "./prod.toml",\n]\n\n[agents.api]\nmax_sockets = 50\n' == tail


def test_nothing_tuned_writes_nothing_and_says_so(path, tmp_path) -> None:
    loaded = load(path)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(running(loaded.profile))
    with pytest.raises(UsageError, match="nothing that stays was tuned"):
        draft.write(str(tmp_path / "t.toml"))
    assert ["prod.toml"] == os.listdir(tmp_path)


def test_a_file_that_is_there_stays_unless_pooltop_wrote_it_and_it_is_to_go(path, tmp_path) -> None:
    loaded = load(path)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, max_sockets=50.0)
    )
    mine, link, ours = tmp_path / "mine.toml", tmp_path / "link.toml", tmp_path / "ours.toml"
    mine.write_text("mine")
    ours.write_text(f"{MARK}: long ago\n")
    link.symlink_to(ours)
    for file, replace in ((mine, False), (mine, True), (ours, False), (link, False), (link, True)):
        with pytest.raises(UsageError, match="another name"):
            draft.write(str(file), replace=replace)
    assert ("mine", f"{MARK}: long ago\n") == (mine.read_text(), ours.read_text())

    draft.write(str(ours), replace=True)

    assert 50 == load(ours).profile.agents[0].options.max_sockets
    assert (True, False) == (is_tuned(str(ours)), is_tuned(str(link)))
    assert ["link.toml", "mine.toml", "ours.toml", "prod.toml"] == sorted(os.listdir(tmp_path))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_who_may_read_the_profile_may_read_the_new_one(path, tmp_path, mode) -> None:
    path.chmod(mode)
    loaded = load(path)
    file = tmp_path / "t.toml"
    before = os.umask(0o077)
    try:
        Saving(BUILTIN, path=str(path), loaded=loaded).draft(
            running(loaded.profile, max_sockets=50.0)
        ).write(str(file))
    finally:
        os.umask(before)
    assert mode == stat.S_IMODE(file.stat().st_mode)


def test_it_can_be_written_into_another_folder(path, tmp_path) -> None:
    loaded = load(path)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, max_sockets=50.0)
    )
    deep, link = tmp_path / "a" / "b", tmp_path / "link"
    deep.mkdir(parents=True)
    link.symlink_to(deep)
    for file in (deep / "t.toml", link / "u.toml"):
        draft.write(str(file))
        assert 50 == load(file).profile.agents[0].options.max_sockets
    assert '"../../prod.toml"' in (deep / "t.toml").read_text()
    with pytest.raises(UsageError, match="its folder is not there"):
        draft.write(str(tmp_path / "none" / "t.toml"))


def test_a_variable_that_goes_before_any_file_is_said_and_nothing_is_written(
    path, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("POOLTOP__AGENTS__API__MAX_SOCKETS", "8")
    loaded = load(path)
    file = tmp_path / "t.toml"
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, max_sockets=50.0)
    )
    with pytest.raises(UsageError, match=r"would have 8 as agents\.api\.max_sockets, because of"):
        draft.write(str(file))
    assert not file.exists()


def test_what_the_command_line_said_is_named_and_not_written(path, tmp_path) -> None:
    loaded = load(path, settings=("agents.api.max_sockets=8", "agents.api.timeout=5s"))
    file = tmp_path / "t.toml"
    Saving(BUILTIN, path=str(path), loaded=loaded).draft(
        running(loaded.profile, max_sockets=50.0)
    ).write(str(file))
    text = file.read_text()
    assert "max_sockets  8 -> 50" in text
    assert "# Not in it, for the command line said it: --set agents.api.timeout\n" in text
    assert (50, 30000) == (
        load(file).profile.agents[0].options.max_sockets,
        load(file).profile.agents[0].options.timeout,
    )


def test_of_the_demo_all_is_written() -> None:
    loaded = load(BUILTIN)
    draft = Saving(BUILTIN, loaded=loaded).draft(
        running(loaded.profile, asked={loaded.profile.workloads[0].name: 99.0})
    )
    assert draft.name.startswith("demo-tuned")


def test_the_demo_as_it_was_written_is_the_demo_but_for_what_was_tuned(tmp_path) -> None:
    loaded = load(BUILTIN)
    file = str(tmp_path / "mine.toml")
    first = loaded.profile.workloads[0]
    Saving(BUILTIN, loaded=loaded).draft(running(loaded.profile, asked={first.name: 99.0})).write(
        file
    )
    again = load(file).profile
    assert 99 == again.workloads[0].rate
    assert loaded.profile == msgspec.structs.replace(
        again, path=BUILTIN, workloads=(first, *again.workloads[1:])
    )


def test_what_another_process_loaded_is_found_where_it_is_the_same(path, monkeypatch) -> None:
    monkeypatch.chdir(path.parent)
    profile = load("prod.toml").profile
    snapshot = running(profile, max_sockets=50.0)
    Saving(BUILTIN).draft(snapshot).write("t.toml")
    assert 50 == load("t.toml").profile.agents[0].options.max_sockets

    path.write_text(PROFILE.replace("30s", "31s"))
    with pytest.raises(UsageError, match="not what the engine began with: agent api has another"):
        Saving(BUILTIN).draft(snapshot)
    path.unlink()
    with pytest.raises(UsageError, match="go to the folder from which the engine was started"):
        Saving(BUILTIN).draft(snapshot)


def test_the_name_proposed_is_free_and_beside_the_profile(tmp_path) -> None:
    names = [str(tmp_path / name) for name in ("p.toml", "p-tuned.toml", "p-tuned-2.toml")]
    assert names[1] == default_name(names[0])
    Path(names[1]).write_text("")
    assert names[2] == default_name(names[0]) == default_name(names[1])
    Path(names[2]).symlink_to("nowhere")
    assert str(tmp_path / "p-tuned-3.toml") == default_name(names[2])


DISPATCHER = """\
[agents.api]
kind = "undici-pool"
connections = 8
[workloads.browse]
agent = "api"
base_url = "http://127.0.0.1:80"
"""
H2 = DISPATCHER.replace("undici-pool", "h2").replace("connections", "sessions")


@pytest.mark.parametrize(
    ("text", "option", "value", "expected"),
    [
        (DISPATCHER, "connections", 12.0, "agents.api.connections 8 -> 12"),
        (DISPATCHER, "connections", math.inf, 'agents.api.connections 8 -> "unlimited"'),
        (DISPATCHER, "pipelining", 4.0, "agents.api.pipelining 1 -> 4"),
        (DISPATCHER, "pipelining", 0.0, "agents.api.pipelining 1 -> 0"),
        (DISPATCHER, "max_concurrent_streams", 7.0, "agents.api.max_concurrent_streams 100 -> 7"),
        (DISPATCHER, "live", "drain", 'agents.api.live "node" -> "drain"'),
        (H2, "connections", 3.0, "agents.api.sessions 8 -> 3"),
        (H2, "live", "node", 'agents.api.live "drain" -> "node"'),
    ],
)
def test_an_option_of_a_dispatcher_is_written_by_its_own_name(
    tmp_path, text, option, value, expected
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    loaded = load(path)
    before = loaded.profile.agents[0].dispatcher
    record = edit(1, option, getattr(before, option), value)
    snapshot = running(loaded.profile, record, **{option: value})
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(snapshot)
    assert [f"{change.key} {change.values}" for change in draft.tuned.changes] == [expected]
    assert ["edit 1"] == [change.why for change in draft.tuned.changes]

    file = draft.name
    draft.write(file)

    wanted = msgspec.structs.replace(before, **{option: value})
    assert wanted == load(file).profile.agents[0].dispatcher


def test_a_limit_that_a_kind_has_no_key_for_is_not_looked_for(tmp_path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        DISPATCHER.replace("undici-pool", "undici-client").replace("connections = 8", "")
    )
    loaded = load(path)
    snapshot = running(loaded.profile, pipelining=3.0)
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(snapshot)
    assert ["agents.api.pipelining"] == [change.key for change in draft.tuned.changes]


def test_of_a_dispatcher_whose_options_are_not_told_nothing_is_written(tmp_path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(DISPATCHER)
    loaded = load(path)
    snapshot = running(loaded.profile, connections=12.0)
    untold = msgspec.structs.replace(snapshot.agents[0], dispatcher=None)
    snapshot = msgspec.structs.replace(snapshot, agents=(untold,))
    draft = Saving(BUILTIN, path=str(path), loaded=loaded).draft(snapshot)
    assert ((), ()) == (draft.tuned.changes, draft.tuned.left_out)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (DISPATCHER.replace("8", "9"), "connections"),
        (DISPATCHER.replace("undici-pool", "undici-agent"), "kind"),
        (DISPATCHER.replace('kind = "undici-pool"\n', "").replace("connections", "max_sockets"), "kind"),
        (DISPATCHER + "# the same\n", ""),
    ],
)  # fmt: skip
def test_a_dispatcher_that_began_otherwise_is_told(tmp_path, monkeypatch, other, what) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.toml").write_text(DISPATCHER)
    snapshot = running(load("p.toml").profile, connections=12.0)
    Path("p.toml").write_text(other)
    if what:
        with pytest.raises(UsageError, match=f"agent api has another {what}$"):
            Saving(BUILTIN).draft(snapshot)
    else:
        assert 1 == len(Saving(BUILTIN).draft(snapshot).tuned.changes)
