"""The ``[export]`` of a profile as a whole: who could read what is told there."""

from __future__ import annotations

import ipaddress
from typing import cast

from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report


def check_exports(values: Values, report: Report) -> None:
    """Warn of what is told to everybody.

    Args:
        values: what was read.
        report: takes the warnings.
    """
    exports = cast("Values", values.get("exports", {}))
    listen = cast("Values", exports.get("prometheus", {})).get("listen")
    if not isinstance(listen, str):
        return
    address = ipaddress.ip_address(listen.rpartition(":")[0].strip("[]"))
    if not address.is_loopback:
        message = (
            "whoever reaches this address can read every host's name and numbers: there is no "
            "password, and nothing is encrypted."
        )
        report.warn(("export", "prometheus", "listen"), "P064", message)
