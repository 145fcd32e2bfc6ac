"""Fields of the limits strip, the form, and the sentence about what an edit did."""

from __future__ import annotations

import math

import pytest

from pooltop.core.edits import EDITABLE, Edit, EditError, EditOutcome
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.present.editing import EditForm, WorkloadId
from pooltop.present.history import HostId
from pooltop.present.limits import FIELDS, AgentLimits, parse, stepped, value_of, written
from pooltop.present.outcome import sentence
from pooltop.present.workload_limits import WorkloadLimits

OPTIONS = AgentOptions(max_sockets=4, timeout=30000)
HOST = HostId("one", OriginKey("a:80:"))


def limits(options: AgentOptions) -> AgentLimits:
    return AgentLimits(options, OPTIONS)


def form_of(options: AgentOptions) -> EditForm:
    return EditForm(HOST, limits(options))


def test_every_editable_option_has_a_field() -> None:
    assert set(EDITABLE) == {field.option for field in FIELDS}


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("max_sockets", "40", 40.0),
        ("max_sockets", " 7 ", 7.0),
        ("max_sockets", "-", None),
        ("max_sockets", "unlimited", None),
        ("max_sockets", "Inf", None),
        ("max_free_sockets", "0", 0.0),
        ("max_total_sockets", "100", 100.0),
        ("timeout", "30s", 30000.0),
        ("timeout", "500ms", 500.0),
        ("timeout", "1.5s", 1500.0),
        ("timeout", "2m", 120000.0),
        ("timeout", "250", 250.0),
        ("timeout", "-", None),
        ("timeout", "0", None),
        ("keep_alive", "on", True),
        ("keep_alive", "off", False),
        ("keep_alive", "yes", True),
        ("scheduling", "f", "fifo"),
        ("scheduling", "lifo", "lifo"),
        ("live", "DRAIN", "drain"),
    ],
)
def test_what_is_typed_is_understood(option: str, text: str, value: object) -> None:
    assert value == parse(option, text, OPTIONS)


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("max_sockets", "-3", "must be 0 or more, - for unlimited"),
        ("max_sockets", "1.5", "must be 0 or more, - for unlimited"),
        ("max_sockets", "5s", "must be 0 or more, - for unlimited"),
        ("max_sockets", "", "type a value: 0 or more, - for unlimited"),
        ("max_sockets", "\u0663", "must be 0 or more, - for unlimited"),
        ("max_sockets", "9" * 30, "too long: 0 or more, - for unlimited"),
        ("timeout", "soon", "must be 500ms, 30s or 2m, - for none"),
        ("keep_alive", "o", "must be on or off"),
        ("keep_alive", "maybe", "must be on or off"),
        ("scheduling", "random", "must be lifo or fifo"),
        ("live", "", "must be node or drain"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(option: str, text: str, words: str) -> None:
    with pytest.raises(EditError) as caught:
        parse(option, text, OPTIONS)
    assert words == str(caught.value)


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("max_sockets", math.inf, "-"),
        ("max_sockets", None, "-"),
        ("max_sockets", 40.0, "40"),
        ("timeout", 0, "-"),
        ("timeout", 30000.0, "30s"),
        ("timeout", 500.0, "500ms"),
        ("timeout", 1500.0, "1.5s"),
        ("timeout", 90000.0, "90s"),
        ("keep_alive", True, "on"),
        ("scheduling", "lifo", "lifo"),
    ],
)
def test_a_value_is_written_as_it_can_be_typed(option: str, value: object, text: str) -> None:
    assert text == written(option, value)
    assert value_of(OPTIONS, "max_total_sockets") is None
    assert written(option, parse(option, text, OPTIONS)) == text


@pytest.mark.parametrize(
    ("option", "text", "by", "then"),
    [
        ("max_sockets", "4", 1, "5"),
        ("max_sockets", "4", -10, "1"),
        ("max_sockets", "-", 1, "-"),
        ("max_sockets", "-", -1, "256"),
        ("max_sockets", "rubbish", 1, "5"),
        ("max_free_sockets", "3", -10, "0"),
        ("timeout", "30s", 10, "40s"),
        ("timeout", "-", 1, "1s"),
        ("timeout", "-", -1, "-"),
        ("keep_alive", "on", 1, "off"),
        ("scheduling", "lifo", -1, "fifo"),
        ("live", "node", 10, "drain"),
    ],
)
def test_steps_stay_within_what_is_allowed(option: str, text: str, by: int, then: str) -> None:
    assert then == stepped(option, text, by, OPTIONS)


@pytest.mark.parametrize(
    ("option", "text", "by", "then"),
    [
        ("timeout", "2s", -1, "1s"),
        ("timeout", "1s", -1, "1s"),
        ("timeout", "30s", -100, "1s"),
        ("timeout", "500ms", -1, "500ms"),
        ("max_sockets", "0", -1, "0"),
        ("max_total_sockets", "0", -10, "0"),
        ("max_free_sockets", "0", -1, "0"),
    ],
)
def test_a_step_down_leads_neither_up_nor_to_no_timeout(
    option: str, text: str, by: int, then: str
) -> None:
    assert then == stepped(option, text, by, OPTIONS)


@pytest.mark.parametrize(
    ("text", "by", "then"),
    [("0.5", -1, "0.5"), ("1.5", -1, "1"), ("20", -100, "1"), ("0.5", 1, "1.5")],
)
def test_a_step_down_of_a_slow_workload_makes_it_no_faster(text: str, by: int, then: str) -> None:
    assert then == WorkloadLimits("open", 0.5, 0.5).stepped("rate", text, by)


def test_the_first_key_replaces_and_the_next_ones_add() -> None:
    form = form_of(OPTIONS).type("4").type("0")
    assert "40" == form.text(0)
    assert (("max_sockets", 40.0),) == form.changes()


def test_several_fields_are_applied_together_and_untouched_ones_not_at_all() -> None:
    form = form_of(OPTIONS).type("8").move(3).type("5").type("s").move(3).step(1)
    assert (("max_sockets", 8.0), ("timeout", 5000.0), ("live", "drain")) == form.changes()


def test_typing_the_present_value_changes_nothing() -> None:
    assert () == form_of(OPTIONS).type("4").changes()


def test_a_wrong_value_in_any_field_refuses_all() -> None:
    form = form_of(OPTIONS).type("8").move(1).type("x").move(1)
    assert 1 == form.first_error()
    with pytest.raises(EditError):
        form.changes()


def test_backspace_takes_from_what_is_shown() -> None:
    form = form_of(AgentOptions(max_sockets=40)).backspace()
    assert "4" == form.text(0)


def test_new_options_of_the_agent_show_where_nothing_was_typed() -> None:
    form = form_of(OPTIONS).type("8").refreshed(limits(AgentOptions(max_sockets=9, timeout=1000)))
    assert ("8", "1s") == (form.text(0), form.text(3))


def outcome(**more) -> EditOutcome:
    return EditOutcome(**({"id": 1, "accepted": True} | more))


def edit(option: str, by: str = "operator") -> Edit:
    return Edit(id=1, agent="starved", option=option, value=None, by=by)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            sentence(edit("max_sockets"), outcome(before=4.0, after=40.0, opened=36, live="drain")),
            "starved maxSockets 4 > 40: 36 dialled, DRAIN",
        ),
        (
            sentence(edit("max_sockets"), outcome(before=40.0, after=4.0, culled=6, live="drain")),
            "starved maxSockets 40 > 4: 0 dialled, 6 idle closed, DRAIN",
        ),
        (
            sentence(edit("max_sockets"), outcome(before=4.0, after=40.0, queued=212)),
            "starved maxSockets 4 > 40: raised, 0 dialled, 212 still queued: NODE mode drains "
            "nothing; the next new request opens a socket",
        ),
        (
            sentence(edit("max_sockets"), outcome(before=4.0, after=None)),
            "starved maxSockets 4 > -: raised, 0 dialled: NODE mode drains nothing; the next new "
            "request opens a socket",
        ),
        (
            sentence(edit("max_sockets"), outcome(before=None, after=4.0)),
            "starved maxSockets - > 4: lowered, 0 closed: NODE mode lets sockets go as they are "
            "released and nothing waits",
        ),
        (
            sentence(edit("scheduling", by="undo"), outcome(before="lifo", after="fifo")),
            "undo: starved scheduling lifo > fifo: 0 dialled; NODE mode: it counts from the next "
            "request on",
        ),
        (sentence(edit("timeout"), outcome(before=5.0, after=5.0)), "starved timeout stays 5ms"),
        (
            sentence(
                edit("max_sockets"),
                outcome(before=4.0, after=5.0, opened=1, live="drain", note="not of b:80"),
            ),
            "starved maxSockets 4 > 5: 1 dialled, DRAIN; not of b:80",
        ),
        (
            sentence(edit("live"), outcome(accepted=False, error="no\x1b[31m")),
            "starved live refused: no\\x1b[31m",
        ),
    ],
)
def test_the_sentence_says_what_really_happened(told: str, expected: str) -> None:
    assert expected == told


def test_a_value_outside_the_profiles_bounds_is_said_to_be_asked_about() -> None:
    bounds = {"max_sockets": (1.0, 20.0)}
    form = EditForm(HOST, AgentLimits(OPTIONS, OPTIONS, bounds))
    assert ["", "", "outside 1..20: will ask", "outside 1..20: will ask"] == [
        form.type(text).asks() for text in ("4", "20", "21", "-")
    ]


def test_more_than_twice_the_load_is_said_to_be_asked_about() -> None:
    form = EditForm(WorkloadId("load"), WorkloadLimits("open", 600.0, 600.0))
    assert ["", "", "more than doubles the load: will ask"] == [
        form.type(text).asks() for text in ("600", "1200", "1201")
    ]


def test_a_load_that_is_on_its_way_is_edited_from_where_it_is_led() -> None:
    workload = WorkloadSnapshot(
        name="w", agent="a", target="x:80", state="running", pattern="", rate=237.3,
        initial_rate=100.0, heading_for=1000.0,
    )  # fmt: skip

    assert WorkloadLimits("open", 1000.0, 100.0) == WorkloadLimits.of(workload)


def test_what_a_host_has_for_itself_stands_in_the_agents_place() -> None:
    own = AgentLimits(OPTIONS, OPTIONS, {}, {"max_sockets": 6.0}, {"max_sockets": math.inf})
    first, second, *_ = own.fields
    assert ("own maxSockets", "sockets in use, of this host alone") == (first.title, first.meaning)
    assert "maxFreeSockets" == second.title
    assert (6.0, None) == (own.value("max_sockets"), own.initial("max_sockets"))
    assert own.value("timeout") == AgentLimits(OPTIONS, OPTIONS).value("timeout")
