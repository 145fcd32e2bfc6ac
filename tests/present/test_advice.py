"""Cards of advice in words, and on the page of a run."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from support.prepared import Host, Pool

from pooltop.advise.advisor import Advisor
from pooltop.advise.diagnosis import Evidence, Prediction, Proposal
from pooltop.core.advising import AdvisorOptions
from pooltop.core.model import AgentOptions
from pooltop.present import units
from pooltop.present.advice import (
    confidence_words,
    evidence_words,
    prediction_words,
    proposal_words,
    sentence,
    told_lines,
)
from pooltop.present.report.gather import Gathering
from pooltop.present.report.page import About, page


@pytest.mark.parametrize(
    ("each", "words"),
    [
        (Evidence("queue wait p95", 0.13, "s", 0.02), "queue wait p95 130ms against 20ms"),
        (Evidence("requests", 120.0, "/s"), "requests 120/s"),
        (Evidence("at the limit", 0.97, "share", 0.95), "at the limit 97% against 95%"),
        (Evidence("slower", 5.25, "times"), "slower 5.2x"),
        (Evidence("in use", 2.4), "in use 2.4"),
        (Evidence("in use", 2.0, "", math.inf), "in use 2 against -"),
        (Evidence("open", 4096.0), "open 4096"),
        (Evidence("stale sockets", 3, of=212), "stale sockets 3 of 212"),
        (Evidence("in use", 3, of=math.inf), "in use 3"),
        (Evidence("used", 0.5, "share", 0.2, of=1.0), "used 50% of 100% against 20%"),
    ],
)
def test_evidence_is_told_with_its_unit(each, words):
    assert words == evidence_words(each)


@pytest.mark.parametrize(
    ("proposal", "words"),
    [
        (Proposal("max_sockets", 20.0, agent="a"), "a maxSockets 10 > 20"),
        (Proposal("timeout", 3000.0, agent="a"), "a timeout - > 3s"),
        (Proposal("keep_alive", value=False, agent="a"), "a keepAlive on > off"),
        (Proposal("max_sockets", None, agent="a", host="h:80"), "a h:80 maxSockets 10 > -"),
        (Proposal("max_sockets", 1.0, agent="\x1b[2J"), "\\x1b[2J maxSockets - > 1"),
    ],
)
def test_a_proposal_is_told_with_what_is_in_force(proposal, words):
    assert words == proposal_words(proposal, Pool().picture())


@pytest.fixture
def saturated() -> tuple[Advisor, Pool]:
    """Give an advisor that says that a limit of 10 is too low for 300 requests of 50 ms."""
    pool = Pool(
        [Host(rate=300, lease_s=0.05, queue_s=0.4, in_use=10, queued=90)],
        options=AgentOptions(keep_alive=True, max_sockets=10),
    )
    advisor = Advisor(AdvisorOptions(window_s=10.0))
    advisor.add(pool.picture())
    for each in pool.run(20):
        advisor.add(each)
    return advisor, pool


def test_a_card_is_told_with_proposal_effect_and_confidence(saturated):
    advisor, pool = saturated
    (card,) = advisor.cards()
    assert "medium confidence: 3000 samples, 2 windows running" == confidence_words(card)
    assert isinstance(card.prediction, Prediction)
    words = prediction_words(card)
    now = units.duration(card.prediction.queue_p95_now_s)
    assert words.startswith(f"queue wait p95 {now} > about ")
    edit = card.finding.edit
    assert edit.value > 15  # the load is 300/s times 50 ms
    told = sentence(card, pool.picture())
    assert told == (f"A1 h:80: the limit is too low; a maxSockets 10 > {edit.value:.0f} ({words})")
    lines = told_lines(card, pool.picture())
    assert ["A1 h:80: the limit is too low", f"  proposal  a maxSockets 10 > {edit.value:.0f}"] == [
        lines[0],
        lines[-1].split(": ")[0],
    ]


def test_what_would_still_grow_is_said():
    pool = Pool([Host(rate=300, lease_s=0.05, queue_s=0.4, in_use=10, queued=90)])
    advisor = Advisor(AdvisorOptions(window_s=10.0, max_sockets=12))
    advisor.add(pool.picture())
    for each in pool.run(20):
        advisor.add(each)
    (card,) = advisor.cards()
    assert 12 == card.finding.edit.value
    assert "queue wait goes on growing, 100% of the sockets in use" == prediction_words(card)
    assert "" == prediction_words(replace(card, prediction=None))


def test_the_page_of_a_run_has_its_advice():
    pool = Pool([Host(rate=300, lease_s=0.05, queue_s=0.4, in_use=10, queued=90)])
    gathering = Gathering()
    for each in pool.run(90, step_s=1.0):
        gathering.add(each)
    gathering.finish()
    html = page(gathering, About())
    assert "A1 h:80: the limit is too low" in html
    assert "Proposal: a maxSockets 10 &gt; " in html
    assert "queue wait p95" in html
