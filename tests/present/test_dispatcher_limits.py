"""The limits strip of a dispatcher: undici's fields, and why mode node takes nearly none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.undici_scenes import POOL, picture, pool, sockets

from pooltop.core.edits import Edit, EditError, EditOutcome
from pooltop.core.undici.options import DispatcherOptions
from pooltop.present.danger import doubts
from pooltop.present.dispatcher_limits import DispatcherLimits, fields_of, limit_fields
from pooltop.present.editing import EditForm
from pooltop.present.farewell import farewell_lines
from pooltop.present.limits import written
from pooltop.present.marks import Mark, changed_options, edited, marks_of
from pooltop.present.outcome import sentence

FIRST = DispatcherOptions(connections=8, pipelining=1)
NODE = DispatcherLimits(FIRST, FIRST)
DRAIN = DispatcherLimits(replace(FIRST, live="drain"), FIRST, {"connections": (2.0, 64.0)})


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("undici-pool", ["connections", "pipelining", "maxConcurrentStreams", "live"]),
        ("undici-client", ["pipelining", "maxConcurrentStreams", "live"]),
        ("h2", ["sessions", "maxConcurrentStreams", "live"]),
    ],
)
def test_each_kind_has_its_own_fields(kind: str, titles: list[str]) -> None:
    assert titles == [field.title for field in fields_of(kind)]


def test_an_http_agent_has_nodes_fields() -> None:
    assert ["maxSockets", "connections"] == [
        next(iter(limit_fields(agent).values())) for agent in (sockets(), pool())
    ]


def typed(of: DispatcherLimits, *texts: str) -> EditForm:
    """Give a form in which one field after the other was filled; "" leaves one alone."""
    form = EditForm(POOL, of)
    for text in texts:
        form = (form.clear().type(text) if text else form).move(1)
    return form


def test_mode_node_says_of_every_other_option_that_undici_takes_it_once() -> None:
    form = typed(NODE, "9", "4", "50")

    told = "is taken by undici at construction only; live = drain applies it now"
    assert [told, "", told, ""] == [form.error(place) for place in range(4)]
    assert "taken at construction only; live = drain applies it now" == NODE.allowed("connections")
    assert "0 or more, - for unlimited" == NODE.allowed("pipelining")
    assert (("pipelining", 4.0),) == typed(NODE, "", "4").changes()


def test_no_connections_are_no_limit_as_undici_has_it() -> None:
    endless = DispatcherLimits(replace(FIRST, connections=0.0), FIRST)
    assert (None, 8.0) == (endless.value("connections"), endless.initial("connections"))


def test_what_stands_there_already_is_no_edit_in_either_mode() -> None:
    assert () == typed(NODE, "8").changes()


def test_mode_drain_takes_them_and_asks_beyond_the_profiles_bounds() -> None:
    form = typed(DRAIN, "65", "", "5").move(1)

    assert [("connections", 65.0), ("max_concurrent_streams", 5.0)] == list(form.changes())
    assert "outside 2..64: will ask" == form.asks()
    assert "1 or more, - for unlimited; the profile's bounds are 2..64" == DRAIN.allowed(
        "connections"
    )


@pytest.mark.parametrize(
    ("option", "text"), [("connections", "0"), ("max_concurrent_streams", "-"), ("live", "x")]
)
def test_what_undici_would_not_take_is_refused_while_it_is_typed(option: str, text: str) -> None:
    with pytest.raises(EditError, match="must be"):
        DRAIN.parse(option, text)


def test_steps_stop_where_undici_does() -> None:
    assert [
        DRAIN.stepped("connections", "9", 10),
        DRAIN.stepped("connections", "3", -10),
        DRAIN.stepped("pipelining", "3", -10),
        DRAIN.stepped("max_concurrent_streams", "50", -10),
        DRAIN.stepped("live", "drain", 1),
    ] == ["19", "1", "0", "40", "node"]


def test_what_was_edited_is_marked_and_told_at_the_end_under_undicis_name() -> None:
    agent = pool()
    assert agent.dispatcher is not None
    raised = replace(agent, dispatcher=replace(agent.dispatcher, connections=6.0))
    snapshot = picture(raised, sockets())

    assert (("connections",), 1) == (changed_options(raised), edited(snapshot))
    assert Mark.CHANGED in marks_of(raised, raised.origins[0], errors=None)
    assert ((), Mark.CHANGED in marks_of(agent, agent.origins[0], errors=None)) == (
        changed_options(agent),
        False,
    )
    said = farewell_lines(snapshot, seen_s=1.0, goes_on=False)
    assert "  edited    pool connections 2 > 6, not in the profile, gone with the engine" in said


def test_lowering_the_connections_says_how_many_idle_ones_it_closes() -> None:
    agent = pool()
    agent = replace(agent, options=replace(agent.options, live="drain"))
    assert "closes 1 idle socket at once" == doubts(agent, (("connections", 1.0),))


def test_what_an_edit_did_is_said_in_undicis_words() -> None:
    edit = Edit(id=1, agent="pool", option="pipelining", value=3.0)
    outcome = EditOutcome(id=1, accepted=True, before=1.0, after=3.0)
    assert (
        "pool pipelining 1 > 3: 0 dialled; NODE mode: undici's own setter: it counts from the next "
        "request on"
    ) == sentence(edit, outcome)
    assert "-" == written("connections", None)
