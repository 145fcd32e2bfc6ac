"""The search for a limit, as lines and as JSON."""

from __future__ import annotations

import json
import math

from pooltop.advise.tuner import Trial, Tuner
from pooltop.present.tuning import opening, trial_line, tuning_value, verdict_lines


def tuned(most=12, failed=0) -> Tuner:
    tuner = Tuner(most=most)
    while tuner.limit is not None:
        n = tuner.limit
        service_s = 0.05 * max(1.0, n / 6)
        tuner.add(
            Trial(
                limit=n,
                in_use=n,
                throughput=n / service_s,
                service_s=service_s,
                answers=200,
                failed=failed,
                arrivals_per_s=1000.0,
                queued=True,
            )
        )
    return tuner


def test_a_limit_is_a_line():
    tuner = tuned()
    assert "    1     1.0      20     50ms    1.00" in trial_line(tuner.trials[0], 0.05)
    assert "3 failed" in trial_line(tuned(failed=3).trials[0], 0.05)


def test_the_end_says_why_where_the_knee_is_and_what_is_proposed():
    tuner = tuned()
    text = "\n".join(verdict_lines(tuner.verdict, tuner.trials))
    assert "stopped: " in text
    assert "knee: about 6.0 requests at a time" in text
    assert "proposal: maxSockets 6" in text
    assert text.count("#|") or text.count("|")


def test_where_none_was_met_that_is_said():
    tuner = tuned(most=3)
    assert "knee: none met" in "\n".join(verdict_lines(tuner.verdict, tuner.trials))


def test_hostile_names_are_clean():
    assert "\x1b" not in "".join(opening("a\x1b[2J", "h\x1b]0;x\x07:80", math.inf))


def test_programs_get_all_of_it_and_no_infinity():
    tuner = tuned(most=3)
    text = json.dumps(tuning_value("a", "h:80", math.inf, tuner.verdict, tuner.trials))
    value = json.loads(text)
    assert (value["knee"], value["max_sockets"]) == (None, None)
    assert [each["limit"] for each in value["trials"]] == [1, 2, 3]
    assert "Infinity" not in text
