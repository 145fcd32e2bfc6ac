"""Diagnoses A19 to A35: edits, leases, the network, the machine, streams, the load, the target.

Symptom and recommendation are told as they stand here; numbers come with a finding.
"""

from __future__ import annotations

from pooltop.advise.diagnosis import Diagnosis
from pooltop.advise.rules import edits, leases, load, machine, network, size, streams, target

LATE = (
    Diagnosis(
        id="A19",
        title="a raised limit is not felt",
        symptom="The limit was raised, and those who waited before still wait.",
        recommendation=(
            "Set live = drain, which opens sockets for the queue at once, or wait: each request "
            "that comes now goes first."
        ),
        rule=edits.raise_not_felt,
        windows=1,
    ),
    Diagnosis(
        id="A20",
        title="a lowered limit is not felt",
        symptom="The limit was lowered, and more sockets than it allows stay open.",
        recommendation="Set live = drain, which closes the coldest idle ones, or a timeout.",
        rule=edits.lower_not_felt,
        windows=1,
    ),
    Diagnosis(
        id="A21",
        title="nobody waits for part of the queue",
        symptom="Requests that were given up are in the queue still.",
        recommendation=(
            "Count them apart, and end waits by timeouts.queue, which takes a request out at once."
        ),
        rule=leases.ghosts,
        gravity=2,
    ),
    Diagnosis(
        id="A22",
        title="unread bodies hold sockets",
        symptom="Responses have come that nobody reads, and nothing else is served.",
        recommendation="Read every body to its end, or drop it: also of answers nobody looks at.",
        rule=leases.unread_bodies,
        windows=1,
        gravity=0,
        beats=("A1", "A2"),
    ),
    Diagnosis(
        id="A23",
        title="connecting costs too much",
        symptom="Much of the requests' time goes into look-ups, connects and handshakes.",
        recommendation=(
            "Keep sockets for longer, keep TLS sessions, open sockets ahead, or use HTTP/2."
        ),
        rule=network.handshake_tax,
        gravity=2,
    ),
    Diagnosis(
        id="A24",
        title="local ports run out",
        symptom="More connections are closed on this side than there are ports for.",
        recommendation="Turn keepAlive on, and have fewer sockets closed.",
        rule=machine.ports_run_out,
        windows=1,
    ),
    Diagnosis(
        id="A25",
        title="descriptors run out",
        symptom="More than half of the files that this process may have are open.",
        recommendation="Limit maxSockets, lower maxFreeSockets, or raise the limit (ulimit -n).",
        rule=machine.descriptors_run_out,
        scope="engine",
        windows=1,
    ),
    Diagnosis(
        id="A26",
        title="one host has several pools",
        symptom="Requests to one host and port are under different keys, and share no socket.",
        recommendation="Give all of them the same family, local address, TLS options and name.",
        rule=network.split_by_key,
        scope="agent",
    ),
    Diagnosis(
        id="A27",
        title="one peer has nearly all requests",
        symptom="A host has several addresses, and one of them is given most.",
        recommendation="Set scheduling = fifo, choose by turns, or give sockets a longest life.",
        rule=network.uneven_peers,
        gravity=2,
    ),
    Diagnosis(
        id="A28",
        title="sockets outlive their name's change",
        symptom="A host's name leads elsewhere, and its sockets lead where it led before.",
        recommendation="Give sockets a longest life, a tenth more or less, so that all look again.",
        rule=network.outlived_dns,
        windows=1,
    ),
    Diagnosis(
        id="A29",
        title="HTTP/2 sessions do not fit the load",
        symptom="All sessions have as many streams as they may, or many have a single one.",
        recommendation="Have more sessions where streams wait, fewer where they are alone.",
        rule=streams.stream_cap,
    ),
    Diagnosis(
        id="A30",
        title="slow requests hold up fast ones",
        symptom="Some requests take many times as long as most, and these wait behind them.",
        recommendation="Give the slow class an agent of its own.",
        rule=load.slow_class,
    ),
    Diagnosis(
        id="A31",
        title="a storm of retries",
        symptom="Requests are sent again ever more often while the target slows down.",
        recommendation="Limit retries to a share of the requests, and wait longer before each.",
        rule=target.retry_storm,
        gravity=0,
    ),
    Diagnosis(
        id="A32",
        title="the load cannot tell",
        symptom="Arrivals are dropped, or there are no more users than sockets.",
        recommendation="Use an open workload, and raise max_in_flight until nothing is dropped.",
        rule=load.measurement_lies,
        scope="workload",
        gravity=2,
    ),
    Diagnosis(
        id="A33",
        title="the limit is far above the load",
        symptom="Hardly any of the sockets that are allowed are ever used.",
        recommendation="Lower maxSockets: it costs nothing, and protects the target.",
        rule=size.oversized,
        windows=size.LOW_WINDOWS,
        gravity=2,
        of_limit=True,
    ),
    Diagnosis(
        id="A34",
        title="nested calls block each other",
        symptom="Every socket is held by a caller that waits for a second one.",
        recommendation=(
            "Finish a response before asking for the next, give the inner calls an agent of their "
            "own, or raise maxSockets above what all callers together can hold."
        ),
        rule=leases.nested_calls,
        windows=1,
        gravity=0,
        beats=("A1", "A2", "A22"),
        raises=True,
    ),
    Diagnosis(
        id="A35",
        title="a dead target fills the queue",
        symptom="No connection can be made, and requests wait for their turn to fail.",
        recommendation=(
            "Fail fast: set timeouts.connect and timeouts.queue, and clear the queue of this host."
        ),
        rule=target.dead_target,
        windows=1,
        gravity=0,
        beats=("A1", "A2"),
    ),
)
"""In order."""
