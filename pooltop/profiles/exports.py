"""The ``[export]`` of a profile as a whole: who could read what is told, and what it takes."""

from __future__ import annotations

import ipaddress
from typing import cast

from pooltop.profiles.installed import is_installed
from pooltop.profiles.layers import Layers
from pooltop.profiles.problems import ProfileErrors
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.request_head import SECRET_FIELDS
from pooltop.profiles.shown import Path

LEAST_S, MOST_S = 1.0, 3600.0
_OTLP: Path = ("export", "otlp")
_LISTEN: Path = ("export", "prometheus", "listen")
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.common", "requests")


def check_exports(values: Values, report: Report) -> None:
    """Refuse what cannot be done, and warn of what is told to everybody.

    Args:
        values: what was read.
        report: takes the problems.
    """
    exports = cast("Values", values.get("exports", {}))
    listen = cast("Values", exports.get("prometheus", {})).get("listen")
    if isinstance(listen, str):
        _check_listen(listen, report)
    if "otlp" in exports:
        _check_otlp(cast("Values", exports["otlp"]), report)


def _check_listen(listen: str, report: Report) -> None:
    address = ipaddress.ip_address(listen.rpartition(":")[0].strip("[]"))
    if not address.is_loopback:
        message = (
            "whoever reaches this address can read every host's name and numbers: there is no "
            "password, and nothing is encrypted."
        )
        report.warn(_LISTEN, "P064", message)


def port_problem(layers: Layers, why: str) -> ProfileErrors:
    """Give what to say of a port for Prometheus that cannot be had on this machine now.

    Args:
        layers: of the profile, one of which asks for it.
        why: in the system's words.
    """
    report = Report(layers)
    message = f"{why}. Choose another port; 0 takes any that is free."
    report.add(_LISTEN, "P067", message)
    return ProfileErrors(report.finish())


def _check_otlp(otlp: Values, report: Report) -> None:
    if not all(is_installed(module) for module in _NEEDED):
        message = 'it needs pip install "pooltop[otlp]".'
        report.add(_OTLP, "P066", message, on_key=True)
    interval = otlp.get("interval_s")
    if isinstance(interval, float) and not LEAST_S <= interval <= MOST_S:
        report.add((*_OTLP, "interval"), "P012", 'expected "1s" to "1h".')
    for name, value in cast("tuple[tuple[str, str], ...]", otlp.get("headers", ())):
        if name.lower() in SECRET_FIELDS and value:
            report.warn_of_secret((*_OTLP, "headers", name))
