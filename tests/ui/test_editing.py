"""Editing in place: pinned, validated, undoable, refused while locked."""

from __future__ import annotations

import msgspec
import pytest
from scripted_source import ScriptedSource, SimAgent, SimHost, demo_agents
from textual.events import Key, Paste

from pooltop.core.edits import EditOutcome
from pooltop.core.model import AgentOptions
from pooltop.errors import EngineError


def sent(one) -> list[tuple[str, str, object, str]]:
    return [(edit.agent, edit.option, edit.value, edit.by) for edit in one.source.edits]


async def test_typing_a_number_and_enter_applies_it_to_the_focused_host(desk) -> None:
    async with desk() as one:
        await one.press("e", "4", "0", "enter")
        assert [("starved", "max_sockets", 40.0, "operator")] == sent(one)
        assert "still queued: NODE mode drains nothing" in one.text()
        await one.step()
        assert "maxSockets*[40]" in one.text()
        assert "1 edit" in one.text()


async def test_in_drain_mode_the_queue_is_gone_within_a_second(desk) -> None:
    async with desk(live="drain", steps=20) as one:
        await one.press("e", "4", "0", "enter")
        assert "36 dialled, DRAIN" in one.text()
        await one.step(1.0)
        row = next(row for row in one.app.board.pools.rows if row.agent == "starved")
        assert 0 == row.queued


async def test_keys_typed_in_one_burst_all_reach_the_form(desk) -> None:
    async with desk() as one:
        for key in ("e", "4", "0", "enter"):
            one.app.post_message(_key(key))
        await one.pilot.pause()
        assert [("starved", "max_sockets", 40.0, "operator")] == sent(one)


def _key(name: str):
    return Key(name, "\r" if name == "enter" else name)


async def test_the_form_stays_pinned_while_rows_re_sort(desk) -> None:
    async with desk() as one:
        await one.press("e", "4")
        starved = next(a for a in one.source.agents if a.name == "starved")
        starved.hosts[0].queue.clear()
        starved.hosts[0].rate = 0
        one.source.agents[0].options = AgentOptions(max_sockets=1, keep_alive=True)
        one.clock.now += 10
        await one.step(times=4)
        assert "starved" != one.hosts()[0]
        assert "EDIT starved.localhost:8081 (pinned)" in one.text()
        await one.press("0", "enter")
        assert [("starved", "max_sockets", 40.0, "operator")] == sent(one)


async def test_the_form_stays_pinned_when_its_host_is_filtered_or_gone(desk) -> None:
    async with desk() as one:
        await one.press("e", "7")
        one.source.agents = [a for a in one.source.agents if a.name != "starved"]
        await one.step()
        assert one.app.board.limits.form.target.agent == "starved"
        assert "EDIT agent starved (pinned)" in one.text()
        assert "it is gone: there is nothing to apply this to" in one.text()
        await one.press("8", "P", "enter")
        assert ([], []) == (sent(one), one.source.controls)
        assert one.app.board.limits.editing
        await one.press("escape")
        assert [] == sent(one)
        assert not one.app.board.limits.editing


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (["x"], "maxSockets must be 0 or more, - for unlimited"),
        (["tab", "tab", "tab", "s"], "timeout must be 500ms, 30s or 2m, - for none"),
        (["right", "right", "right", "right", "z"], "keepAlive must be on or off"),
        (["left", "q"], "live must be node or drain"),
    ],
)
async def test_what_is_not_allowed_is_refused_with_words_while_typing(desk, keys, words) -> None:
    async with desk() as one:
        await one.press("e", *keys)
        assert words in one.text()
        await one.press("enter")
        assert words in one.text()
        assert [] == sent(one)
        assert one.app.board.limits.editing


async def test_esc_applies_nothing(desk) -> None:
    async with desk() as one:
        await one.press("e", "9")
        assert "esc leave" in one.screen()[-1]
        await one.press("escape")
        assert "q quit" in one.screen()[-1]
        assert [] == sent(one)
        assert not one.app.board.limits.editing


async def test_brackets_step_and_enter_applies(desk) -> None:
    async with desk() as one:
        await one.press("right_square_bracket", "right_curly_bracket", "up", "enter")
        assert [("starved", "max_sockets", 16.0, "operator")] == sent(one)


async def test_several_fields_are_applied_in_order(desk) -> None:
    async with desk() as one:
        await one.press("e", "8", "tab", "2", "tab", "tab", "5", "s", "tab", "o", "f", "f", "enter")
        assert [
            ("starved", "max_sockets", 8.0, "operator"),
            ("starved", "max_free_sockets", 2.0, "operator"),
            ("starved", "timeout", 5000.0, "operator"),
            ("starved", "keep_alive", False, "operator"),
        ] == sent(one)


async def test_undo_sends_the_reverse_to_the_agent_that_was_edited(desk) -> None:
    async with desk() as one:
        await one.press("e", "4", "0", "enter")
        await one.press("e", "5", "0", "enter")
        await one.press("s", "end", "u", "u", "u")
        assert [
            ("starved", "max_sockets", 40.0, "operator"),
            ("starved", "max_sockets", 50.0, "operator"),
            ("starved", "max_sockets", 40.0, "undo"),
            ("starved", "max_sockets", 4.0, "undo"),
        ] == sent(one)
        assert "nothing to undo" in one.text()


async def test_undo_of_no_limit_restores_no_limit(desk) -> None:
    async with desk() as one:
        await one.press("e", "tab", "tab", "9", "enter", "u")
        assert ("starved", "max_total_sockets", None, "undo") == sent(one)[-1]


async def test_u_capital_goes_back_to_the_profile(desk) -> None:
    async with desk() as one:
        await one.press("e", "8", "tab", "2", "enter")
        await one.step()
        await one.press("U")
        assert [
            ("starved", "max_sockets", 4.0, "restore"),
            ("starved", "max_free_sockets", 256.0, "restore"),
        ] == sent(one)[2:]
        await one.step()
        assert "maxSockets[4]" in one.text()


async def test_going_back_to_the_profile_counts_an_edit_made_a_moment_ago(desk) -> None:
    async with desk() as one:
        await one.press("e", "8", "enter", "U")
        assert ("starved", "max_sockets", 4.0, "restore") == sent(one)[-1]


async def test_going_back_to_the_profile_says_when_nothing_differs(desk) -> None:
    async with desk() as one:
        await one.press("U")
        assert "already as in the profile" in one.text()


async def test_a_refused_edit_is_said_logged_and_not_undoable(desk) -> None:
    class Refusing(ScriptedSource):
        async def submit(self, edit):
            self.edits.append(edit)
            return EditOutcome(id=edit.id, accepted=False, error="the agent is gone")

    async with desk(Refusing(demo_agents())) as one:
        await one.press("e", "8", "enter")
        assert 2 == one.text().count("maxSockets refused: the agent is gone")
        assert 0 == one.app.operator.desk.undoable


async def test_of_several_edits_each_is_said_and_what_was_refused_comes_first(desk) -> None:
    class Picky(ScriptedSource):
        async def submit(self, edit):
            if edit.option == "max_free_sockets":
                return EditOutcome(id=edit.id, accepted=False, error="not today")
            return await super().submit(edit)

    async with desk(Picky(demo_agents())) as one:
        await one.press("e", "9", "tab", "2", "tab", "tab", "5", "s", "enter")
        said = "".join(text for text, _ in one.app.operator.status)
        parts = [part.split(":")[0] for part in said.split(" | ")]
        assert [
            " starved maxFreeSockets refused",
            "starved maxSockets 4 > 9",
            "starved timeout 30s > 5s",
        ] == parts
        assert ["bad", "dim", "accent", "dim", "accent"] == [
            ink for _, ink in one.app.operator.status
        ]


async def test_an_edit_that_cannot_be_delivered_is_said(desk) -> None:
    class Gone(ScriptedSource):
        async def submit(self, edit):
            raise EngineError("connection lost")

    async with desk(Gone(demo_agents())) as one:
        await one.press("e", "8", "enter")
        assert "was not delivered: connection lost" in one.text()


async def test_limits_that_apply_to_several_hosts_say_so(desk) -> None:
    agent = SimAgent("both", AgentOptions(max_sockets=3), [SimHost("a", 80), SimHost("b", 80)])
    async with desk(ScriptedSource([agent])) as one:
        assert "applies to each of its 2 hosts" in one.text()


@pytest.mark.parametrize("key", ["e", "right_square_bracket", "left_curly_bracket", "u", "U", "p"])
async def test_every_writing_key_is_refused_with_a_word_when_locked(desk, key) -> None:
    async with desk() as one:
        await one.press("L")
        assert "LOCKED" in one.screen()[0]
        await one.press(key)
        assert "LOCKED: nothing was changed; L unlocks" in one.text()
        assert ([], []) == (one.source.edits, one.source.controls)
        assert not one.app.board.limits.editing


async def test_prod_starts_locked_and_can_be_unlocked(desk) -> None:
    source = ScriptedSource(demo_agents())
    source.environment = "prod"
    async with desk(source) as one:
        assert "LOCKED because environment is prod" in one.text()
        await one.press("e")
        assert not one.app.board.limits.editing
        await one.press("L", "e")
        assert one.app.board.limits.editing


async def test_read_only_stays_locked(desk) -> None:
    async with desk(read_only=True) as one:
        await one.press("L", "e")
        assert not one.app.board.limits.editing
        assert "READ-ONLY" in one.screen()[0]
        assert "started read-only" in one.text()


async def test_locking_closes_an_open_form(desk) -> None:
    async with desk() as one:
        await one.press("e", "9")
        one.app.action_lock()
        await one.pilot.pause()
        assert not one.app.board.limits.editing
        assert [] == one.source.edits


@pytest.mark.parametrize("before", [[], ["e"], ["e", "4"], ["slash", "x"], ["question_mark"]])
async def test_one_key_stops_everything_wherever_one_is(desk, before) -> None:
    async with desk() as one:
        await one.press(*before, "ctrl+x")
        assert ["stop"] == [control.action for control in one.source.controls]


async def test_p_pauses_and_then_resumes(desk) -> None:
    async with desk() as one:
        await one.press("p")
        await one.step()
        assert "LOAD PAUSED" in one.screen()[0]
        await one.press("p")
        assert ["pause", "resume"] == [control.action for control in one.source.controls]


async def test_p_does_nothing_to_a_load_that_is_stopped_and_says_so(desk) -> None:
    async with desk() as one:
        update = one.source.step(0.5, send=False)
        ended = tuple(
            msgspec.structs.replace(workload, state="stopped")
            for workload in update.snapshot.workloads
        )
        snapshot = msgspec.structs.replace(update.snapshot, workloads=ended)
        one.source.send(msgspec.structs.replace(update, snapshot=snapshot))
        await one.pilot.pause()
        await one.press("p")
        assert "the load is stopped: it cannot be paused or resumed" in one.text()
        assert [] == one.source.controls


async def test_the_form_says_of_a_value_out_of_bounds_that_it_will_ask(desk) -> None:
    async with desk() as one:
        one.source.bounds = {"max_sockets": (1.0, 20.0)}
        await one.step()
        await one.press("e", "2", "0")
        assert "maxSockets 4 > 20 ok" in one.text()
        await one.press("0")
        assert "maxSockets 4 > 200 outside 1..20: will ask" in one.text()


async def test_editing_is_possible_on_a_tiny_screen(desk) -> None:
    async with desk(size=(44, 12)) as one:
        await one.press("e")
        assert "maxSockets[4_]" in one.text()
        await one.press("7", "enter")
        assert [("starved", "max_sockets", 7.0, "operator")] == sent(one)
        assert "maxSockets 4 > 7" in one.screen()[-1]


async def test_a_pasted_value_is_typed(desk) -> None:
    async with desk() as one:
        await one.press("e")
        one.app.post_message(Paste("40\nrm -rf"))
        await one.pilot.pause()
        await one.press("enter")
        assert [("starved", "max_sockets", 40.0, "operator")] == sent(one)


async def test_the_form_always_opens_on_max_sockets_whatever_was_edited_last(desk) -> None:
    async with desk() as one:
        await one.press("e", "tab", "9", "enter")
        await one.press("e", "4", "0", "enter")
        edits = [("starved", "max_free_sockets", 9.0, "operator")]
        edits += [("starved", "max_sockets", 40.0, "operator")]
        assert edits == sent(one)


async def test_the_form_says_what_the_profile_lets_pass(desk) -> None:
    async with desk() as one:
        one.source.bounds = {"max_sockets": (1.0, 20.0)}
        await one.step()
        await one.press("e")
        assert "the profile's bounds are 1..20" in one.text()


async def test_the_strip_estimates_how_many_sockets_the_arrivals_need(desk) -> None:
    async with desk(steps=20) as one:
        assert "needed (estimate)" in one.text()
        assert "arriving 7" in one.text()
