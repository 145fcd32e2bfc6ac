"""A limit that hosts share: what is proposed for one does no harm to another."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.prepared import Host, Pool

from pooltop.advise.advisor import Advisor
from pooltop.advise.diagnosis import Diagnosis, Finding, Proposal
from pooltop.core.advising import AdvisorOptions
from pooltop.core.model import AgentOptions
from pooltop.core.snapshot import Snapshot

OPTIONS = AdvisorOptions(window_s=10.0)


def _proposing(value: float, option: str = "max_sockets", *, of_limit: bool = False) -> Diagnosis:
    """Give one that holds of the host called h alone, and proposes this for it."""

    def rule(view):
        if view.origin.host != "h":
            return None
        host = view.host_of(option)
        edit = Proposal(option, value, agent=view.agent.name, host=host)
        return Finding(evidence=(), why="because", edit=edit, samples=1000)

    words = {"title": "t", "symptom": "s", "recommendation": "r"}
    return Diagnosis(id="A1", rule=rule, windows=1, of_limit=of_limit, **words)


def _own(snapshot: Snapshot, host: str, limits: dict[str, float]) -> Snapshot:
    """Give a host limits of its own."""
    (agent,) = snapshot.agents
    origins = [
        replace(one, own_limits=limits) if one.host == host else one for one in agent.origins
    ]
    return replace(snapshot, agents=(replace(agent, origins=tuple(origins)),))


def _advised(table, hosts, *, own=None, slows=None, limit=20.0, seconds=40.0):
    """Give the cards after four windows; who slows takes five times as long from the third on."""
    options = AgentOptions(keep_alive=True, max_sockets=limit, max_free_sockets=limit)
    pool = Pool(hosts, options)
    advisor = Advisor(OPTIONS, table) if table else Advisor(OPTIONS)

    def shown(picture):
        return picture if own is None else _own(picture, *own)

    advisor.add(shown(pool.picture()))
    for number, each in enumerate(pool.run(seconds)):
        if slows is not None and number == 80:
            slows.lease_s *= 5
        advisor.add(shown(each))
    return advisor.cards()


@pytest.mark.parametrize(("peak", "proposed"), [(0, 3.0), (3, 3.0), (7, 7.0), (19, 19.0)])
def test_a_shared_limit_is_lowered_no_further_than_another_host_needs(peak, proposed):
    (card,) = _advised([_proposing(3.0)], [Host(), Host("other", in_use=peak)])
    assert proposed == card.finding.edit.value


def test_a_shared_limit_is_left_where_requests_of_another_host_wait_for_it():
    busy = Host("other", in_use=5, queued=1)
    busy.counters["queued"] = 0
    advisor_hosts = [Host(), busy]
    pool = Pool(advisor_hosts, AgentOptions(keep_alive=True, max_sockets=20.0))
    advisor = Advisor(OPTIONS, [_proposing(3.0)])
    advisor.add(pool.picture())
    for each in pool.run(10):
        advisor.add(each)
        busy.counters["queued"] += 1
    (card,) = advisor.cards()
    assert card.finding.edit is None
    assert "its other hosts need it as it is" in card.finding.why


def test_nothing_is_said_of_a_limit_being_high_where_another_host_needs_it():
    hosts = [Host(), Host("other", in_use=20)]
    assert () == _advised([_proposing(3.0, of_limit=True)], hosts)


@pytest.mark.parametrize("is_slow", [True, False])
def test_a_shared_limit_is_not_raised_while_another_host_is_slowing(is_slow):
    other = Host("other", in_use=2)
    (card,) = _advised([_proposing(40.0)], [Host(), other], slows=other if is_slow else None)
    assert (None if is_slow else 40.0) == (card.finding.edit and card.finding.edit.value)


def test_a_limit_is_not_raised_by_whatever_diagnosis_while_its_host_is_slowing():
    slow = Host()
    (card,) = _advised([_proposing(40.0)], [slow], slows=slow)
    assert card.finding.edit is None


@pytest.mark.parametrize(("value", "told"), [(3.0, 3.0), (40.0, 40.0)])
def test_a_limit_that_a_host_has_for_itself_is_its_own_affair(value, told):
    other = Host("other", in_use=19)
    own = ("h", {"max_sockets": 20.0})
    (card,) = _advised([_proposing(value)], [Host(), other], own=own, slows=other)
    assert ("h:80", told) == (card.finding.edit.host, card.finding.edit.value)


def test_an_edit_names_the_host_only_of_a_limit_that_it_has_for_itself():
    own = ("h", {"max_sockets": 20.0})
    (card,) = _advised([_proposing(40.0, "max_free_sockets")], [Host()], own=own)
    assert "" == card.finding.edit.host


def test_idle_sockets_are_kept_for_the_swings_of_another_host():
    (card,) = _advised([_proposing(1.0, "max_free_sockets")], [Host(), _swinging()])
    assert 1.0 == card.finding.edit.value
    swinging = _swinging()
    pool = Pool([Host(), swinging], AgentOptions(keep_alive=True, max_free_sockets=20.0))
    advisor = Advisor(OPTIONS, [_proposing(1.0, "max_free_sockets")])
    advisor.add(pool.picture())
    for number, each in enumerate(pool.run(20)):
        advisor.add(each)
        swinging.in_use = 9 if number % 2 else 1
    (card,) = advisor.cards()
    assert 8.0 == card.finding.edit.value


def _swinging() -> Host:
    return Host("other", in_use=1)


def test_a_quiet_host_beside_a_busy_one_is_no_reason_to_lower_the_limit_of_both():
    cards = _advised(None, [Host(rate=10), Host("other", in_use=18)], seconds=120.0)
    assert "A33" not in {card.id for card in cards}
    cards = _advised(None, [Host(rate=10), Host("other")], seconds=120.0)
    assert {"h:80:", "other:80:"} == {c.subject.origin for c in cards if c.id == "A33"}
