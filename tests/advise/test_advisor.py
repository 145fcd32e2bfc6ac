"""When cards are raised, renewed and over, which of several is told, and what is never proposed."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace
from support.prepared import Host, Pool

from pooltop.advise.advisor import Advisor
from pooltop.advise.diagnosis import Diagnosis, Evidence, Finding, Proposal
from pooltop.advise.pace import gradient, is_flat, is_slowing
from pooltop.advise.table import TABLE
from pooltop.core.advising import DIAGNOSES, UNMUTABLE, AdvisorOptions

OPTIONS = AdvisorOptions(window_s=10.0)


def _diagnosis(id_="A1", **how):
    """Give one that holds while requests are queued."""

    def rule(view):
        if not view.origin.queued:
            return None
        edit = Proposal("max_sockets", 20.0, agent="a")
        evidence = (Evidence("queued", view.origin.queued),)
        return Finding(evidence=evidence, why="because", edit=edit, samples=1000)

    words = {"title": "t", "symptom": "s", "recommendation": "r"}
    return Diagnosis(id=id_, rule=how.pop("rule", rule), **words, **how)


def _run(advisor, pool, seconds):
    for each in pool.run(seconds):
        advisor.add(each)


def _ids(advisor, at=None):
    return [card.id for card in advisor.cards(at)]


@pytest.fixture
def pool() -> Pool:
    return Pool([Host(queued=3)])


def test_a_card_is_raised_after_as_many_windows_as_it_needs_and_over_after_one_without(pool):
    advisor = Advisor(OPTIONS, [_diagnosis()])
    advisor.add(pool.picture())
    _run(advisor, pool, 19)
    assert [] == _ids(advisor)
    _run(advisor, pool, 1)
    assert [("A1", 120.0)] == [(card.id, card.since) for card in advisor.cards()]
    pool.hosts[0].queued = 0
    _run(advisor, pool, 9)
    assert ["A1"] == _ids(advisor)
    _run(advisor, pool, 1)
    assert [] == _ids(advisor)
    assert [(120.0, False), (130.0, True)] == [
        (fact.at, fact.ends) for fact in advisor.facts_since(0.0)
    ]
    assert [130.0] == [card.ended_at for card in advisor.history()]


def test_cards_can_be_asked_for_as_of_any_instant(pool):
    advisor = Advisor(OPTIONS, [_diagnosis()])
    advisor.add(pool.picture())
    _run(advisor, pool, 30)
    pool.hosts[0].queued = 0
    _run(advisor, pool, 30)
    told = {at: [card.windows for card in advisor.cards(at)] for at in (119, 120, 130, 139, 140)}
    assert {119: [], 120: [2], 130: [3], 139: [3], 140: []} == told


def test_an_edit_of_what_a_card_speaks_of_ends_it_and_counting_begins_anew(pool):
    advisor = Advisor(OPTIONS, [_diagnosis()])
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    pool.edit("keep_alive")
    _run(advisor, pool, 0.25)
    assert ["A1"] == _ids(advisor)
    pool.edit("max_sockets", number=2)
    _run(advisor, pool, 0.25)
    assert [] == _ids(advisor)
    _run(advisor, pool, 19.75)
    assert [] == _ids(advisor)
    _run(advisor, pool, 0.25)
    assert ["A1"] == _ids(advisor)


def test_a_matter_of_settings_is_told_as_soon_as_its_host_is_there(pool):
    advisor = Advisor(OPTIONS, [_diagnosis(windows=0)])
    advisor.add(pool.picture())
    assert [("A1", "high")] == [(card.id, card.confidence) for card in advisor.cards()]


@pytest.mark.parametrize("mode", ["off", "suggest", "ask"])
def test_nothing_is_judged_where_the_advisor_is_off(pool, mode):
    advisor = Advisor(AdvisorOptions(mode=mode), [_diagnosis(windows=0)])
    advisor.add(pool.picture())
    assert ([] if mode == "off" else ["A1"]) == _ids(advisor)


def test_what_is_muted_is_not_told_but_certificates_always_are(pool):
    table = [_diagnosis("A1", windows=0), _diagnosis("A8", windows=0)]
    advisor = Advisor(AdvisorOptions(mute=("A1", "A8")), table)
    advisor.add(pool.picture())
    assert list(UNMUTABLE) == _ids(advisor)


def test_the_gravest_comes_first_and_a_second_proposal_for_the_same_option_is_none(pool):
    table = [_diagnosis("A1", windows=0, gravity=2), _diagnosis("A2", windows=0, gravity=0)]
    advisor = Advisor(OPTIONS, table)
    advisor.add(pool.picture())
    assert [("A2", True), ("A1", False)] == [
        (card.id, card.finding.edit is not None) for card in advisor.cards()
    ]


def test_a_card_beats_what_it_is_the_cause_of(pool):
    advisor = Advisor(
        OPTIONS, [_diagnosis("A1", windows=0), _diagnosis("A2", windows=0, beats=("A1",))]
    )
    advisor.add(pool.picture())
    assert ["A2"] == _ids(advisor)


def test_the_cards_of_a_host_that_is_gone_are_over(pool):
    pool.hosts.append(Host("other"))
    advisor = Advisor(OPTIONS, [_diagnosis()])
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    assert ["A1"] == _ids(advisor)
    del pool.hosts[0]
    _run(advisor, pool, 0.25)
    assert [] == _ids(advisor)


def test_one_card_is_told_of_an_agent_and_one_of_an_engine(pool):
    pool.hosts.append(Host("other", queued=5))
    table = [_diagnosis(f"A{n}", scope=s) for n, s in enumerate(("host", "agent", "engine"), 1)]
    advisor = Advisor(OPTIONS, table)
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    assert ["A1", "A1", "A2", "A3"] == _ids(advisor)


def test_a_workload_has_a_card_of_its_own(pool):
    seen = []

    def rule(view):
        seen.append(view.workload.name)
        return Finding(evidence=(), why="because")

    advisor = Advisor(OPTIONS, [_diagnosis("A32", scope="workload", rule=rule)])
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    assert ["w", "w"] == seen
    assert ["w"] == [card.subject.workload for card in advisor.cards()]


def test_few_samples_make_low_confidence_and_more_windows_high(pool):
    advisor = Advisor(AdvisorOptions(window_s=10.0, min_samples=400), [_diagnosis()])
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    assert ["medium"] == [card.confidence for card in advisor.cards()]
    _run(advisor, pool, 20)
    assert ["high"] == [card.confidence for card in advisor.cards()]
    advisor = Advisor(AdvisorOptions(window_s=10.0, min_samples=4000), [_diagnosis()])
    _run(advisor, pool, 30)
    assert ["low"] == [card.confidence for card in advisor.cards()]


def test_what_was_seen_as_it_is_needs_no_samples(pool):
    def rule(view):
        return Finding(evidence=(), why="because", samples=1, is_fact=True)

    advisor = Advisor(OPTIONS, [_diagnosis(rule=rule)])
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    assert ["high"] == [card.confidence for card in advisor.cards()]


def _saturated(**how) -> Pool:
    host = Host(rate=100, lease_s=0.02, in_use=1)
    pool = Pool([host])
    pool.__dict__.update(how)
    return pool


def _saturate(host: Host, *, lease_s: float) -> None:
    host.in_use, host.queued, host.queue_s, host.lease_s = 10, 40, 0.5, lease_s


@pytest.mark.parametrize(("lease_s", "told"), [(0.021, "A1"), (0.1, "A2")])
def test_raising_a_limit_is_never_advised_while_the_target_is_slowing(lease_s, told):
    pool = _saturated()
    advisor = Advisor(OPTIONS)
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    pool.hosts[0].rate = 300 if told == "A1" else 100
    _saturate(pool.hosts[0], lease_s=lease_s)
    _run(advisor, pool, 20)
    assert told in _ids(advisor)
    for card in advisor.cards():
        edit = card.finding.edit
        if edit is not None and edit.option == "max_sockets":
            assert (edit.value > 10) == (told == "A1")


def test_a_rule_that_raises_is_not_heard_while_the_target_is_slowing():
    pool = _saturated()
    advisor = Advisor(OPTIONS, [_diagnosis("A1", raises=True), _diagnosis("A2")])
    advisor.add(pool.picture())
    _run(advisor, pool, 20)
    _saturate(pool.hosts[0], lease_s=0.1)
    _run(advisor, pool, 20)
    assert ["A2"] == _ids(advisor)


def test_the_gradient_is_the_least_lease_and_a_quarter_by_the_newest():
    pool = _saturated()
    advisor = Advisor(OPTIONS, [])
    advisor.add(pool.picture())
    _run(advisor, pool, 10)
    key = next(iter(advisor.watch.hosts))
    assert gradient(advisor.view(key)) is None
    pool.hosts[0].lease_s = 0.05
    _run(advisor, pool, 10)
    view = advisor.view(key)
    assert math.isclose(0.02 * 1.25 / 0.05, gradient(view), rel_tol=1e-6)
    assert is_slowing(view)


def test_more_in_use_that_gets_no_more_done_is_flat():
    pool = _saturated()
    advisor = Advisor(OPTIONS, [])
    advisor.add(pool.picture())
    _run(advisor, pool, 10)
    pool.hosts[0].in_use = 3
    _run(advisor, pool, 10)
    (key,) = advisor.watch.hosts
    assert is_flat(advisor.view(key))
    pool.hosts[0].rate = 250
    pool.hosts[0].in_use = 5
    _run(advisor, pool, 10)
    assert not is_flat(advisor.view(key))


def test_the_table_has_known_ids_in_order_and_full_sentences():
    ids = [each.id for each in TABLE]
    assert [each for each in DIAGNOSES if each in ids] == ids
    for each in TABLE:
        assert each.symptom.endswith(".")
        assert each.recommendation.endswith(".")
        assert set(each.beats) <= set(ids)
        assert each.rule.__doc__.startswith(f"{each.id}: ")


def test_what_is_of_the_engine_counts_a_window_once_however_many_agents_there_are(pool):
    advisor = Advisor(OPTIONS, [_diagnosis("A25", scope="engine", windows=1)])
    for each in (pool.picture(), *pool.run(20)):
        (agent,) = each.agents
        twins = tuple(replace(agent, name=name) for name in ("a", "b", "c"))
        advisor.add(replace(each, agents=twins))
    (card,) = advisor.cards()
    assert 2 == card.windows


def test_of_a_snapshot_that_contradicts_itself_nothing_is_said(pool):
    advisor = Advisor(OPTIONS)
    for number, each in enumerate((pool.picture(), *pool.run(20))):
        (agent,) = each.agents
        (host,) = agent.origins
        counters = replace(
            host.counters, opened=host.counters.assigned, closed={"no reason": 100 * number}
        )
        odd = replace(host, queued=0, queued_given_up=2, counters=counters)
        advisor.add(replace(each, agents=(replace(agent, origins=(odd,)),)))
    assert not {"A5", "A21"} & {*_ids(advisor)}
