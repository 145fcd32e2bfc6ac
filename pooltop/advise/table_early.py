"""Diagnoses A1 to A18: limits, idle sockets, reuse, how agents are cut, hints, and clocks.

Symptom and recommendation are told as they stand here; numbers come with a finding.
"""

from __future__ import annotations

from pooltop.advise.diagnosis import Diagnosis
from pooltop.advise.rules import clocks, hints, idle, limits, reuse, shape, tls

EARLY = (
    Diagnosis(
        id="A1",
        title="the limit is too low",
        symptom="The queue grows while the target is well.",
        recommendation="Raise maxSockets.",
        rule=limits.saturated_healthy,
        gravity=0,
        raises=True,
    ),
    Diagnosis(
        id="A2",
        title="the target is slowing",
        symptom="The queue grows, and the target takes longer the more it gets.",
        recommendation="Hold maxSockets or lower it, and shed load: the target is the bottleneck.",
        rule=limits.saturated_slowing,
        gravity=0,
        beats=("A1",),
    ),
    Diagnosis(
        id="A3",
        title="idle sockets pile up",
        symptom="Idle sockets stay that nobody uses.",
        recommendation="Lower maxFreeSockets, or set a timeout that closes them.",
        rule=idle.pile,
        windows=idle.PILE_WINDOWS,
        gravity=2,
    ),
    Diagnosis(
        id="A4",
        title="the free list is too short",
        symptom="Sockets are closed as the free list is full, and opened again at once.",
        recommendation="Raise maxFreeSockets.",
        rule=idle.churn,
        beats=("A5",),
    ),
    Diagnosis(
        id="A5",
        title="no socket is used twice",
        symptom="Hardly any request is on a socket that served before.",
        recommendation="Remove the cause that is named, so that sockets are kept.",
        rule=reuse.none,
    ),
    Diagnosis(
        id="A6",
        title="keepAlive is off, but bursts look pooled",
        symptom="Sockets are used again only by requests that happened to wait.",
        recommendation="Turn keepAlive on.",
        rule=reuse.only_bursts,
    ),
    Diagnosis(
        id="A7",
        title="no limit of sockets",
        symptom="Spikes open many times the sockets that the mean needs.",
        recommendation="Set maxSockets, so that spikes wait here and not in the target.",
        rule=limits.unlimited,
    ),
    Diagnosis(
        id="A8",
        title="certificates are not verified",
        symptom="Any certificate is accepted.",
        recommendation="Trust the right CA (tls.ca), or set tls.servername; remove verify = false.",
        rule=tls.unverified,
        windows=0,
        gravity=0,
    ),
    Diagnosis(
        id="A9",
        title="an agent per request",
        symptom="As many agents are made as there are requests.",
        recommendation="Make one agent, keep it as long as the process lives, and give it to all.",
        rule=reuse.agent_per_request,
        scope="agent",
        beats=("A5",),
    ),
    Diagnosis(
        id="A10",
        title="an agent is left open",
        symptom="The load is over, and sockets stay open.",
        recommendation="At shutdown stop the intake, fail what is queued, then destroy the agent.",
        rule=shape.left_open,
        scope="agent",
        windows=1,
    ),
    Diagnosis(
        id="A11",
        title="one agent for all services",
        symptom="Hosts with very different service times share an agent; one has its queue.",
        recommendation="Give each service an agent of its own (a bulkhead).",
        rule=shape.one_for_all,
    ),
    Diagnosis(
        id="A12",
        title="maxTotalSockets starves a host",
        symptom="A host's requests wait without a single socket.",
        recommendation="Give the host an agent of its own, or limit the others by maxSockets.",
        rule=shape.starved,
        gravity=0,
    ),
    Diagnosis(
        id="A13",
        title="stale sockets",
        symptom="Requests are written to sockets that the server is closing.",
        recommendation=(
            "Close idle sockets before the server does (timeout), use the freshest first (lifo), "
            "and send again only what is idempotent."
        ),
        rule=hints.stale_race,
        windows=1,
        gravity=0,
    ),
    Diagnosis(
        id="A14",
        title="the Keep-Alive hint is ignored",
        symptom="The server says how long it keeps idle sockets, and no timer here heeds it.",
        recommendation="Set the agent's timeout, or timeouts.free.",
        rule=hints.ignored,
        windows=1,
    ),
    Diagnosis(
        id="A15",
        title="the Keep-Alive hint is not read",
        symptom="The server's hint does not begin with timeout, so Node does not see it.",
        recommendation="Set timeouts.free by hand, and have the server put timeout first.",
        rule=hints.unread,
        windows=1,
    ),
    Diagnosis(
        id="A16",
        title="no socket is ever kept",
        symptom="The server's hint, less the agent's buffer, leaves no time.",
        recommendation="Lower agentKeepAliveTimeoutBuffer, or have the server keep longer.",
        rule=hints.never_pooled,
        beats=("A5",),
    ),
    Diagnosis(
        id="A17",
        title="slow replies time out early on used sockets",
        symptom="On a used socket a slow reply runs into the hint, not into the agent's timeout.",
        recommendation=(
            "Have the server keep longer than its slowest reply takes, or leave the agent's "
            "timeout unset and set timeouts.free and timeouts.total."
        ),
        rule=hints.dies_early,
        windows=1,
        gravity=0,
    ),
    Diagnosis(
        id="A18",
        title="time limits do not count the queue",
        symptom="Requests wait for longer than their limit, and none of them runs out of time.",
        recommendation="Set timeouts.queue, and timeouts.total, which counts from the start.",
        rule=clocks.blind_to_queue,
    ),
)
"""In order."""
