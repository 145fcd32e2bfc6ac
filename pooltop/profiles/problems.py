"""What is wrong with a profile: each problem in one line, with its place and a stable code.

======  ==================================================================================
Code    Meaning
======  ==================================================================================
P001    the file cannot be opened: missing, a directory, no permission, not a regular file
P002    the file is too large
P003    the file is not UTF-8 text
P004    not TOML
P005    a key or table is set twice
P006    a number is too large to read
P007    nested too deeply, too many parts in a dotted key, too many entries, or problems
P010    unknown key
P011    wrong type
P012    outside the allowed range
P013    not one of the allowed words
P014    a key is missing
P015    a key of another table
P017    one thing said in two ways
P018    a key of the other workload model, or of another kind of agent
P019    two values contradict each other
P020    not a duration
P021    not a rate
P022    not a usable name or text
P023    an option of Node's that cannot be had
P024    not a threshold that can be judged
P030    no agents or no workloads
P031    no such agent
P032    no such demo server
P033    two request classes of one name
P034    an agent, a host or a demo server that no workload uses (warning)
P035    a threshold is about what is not there
P040    a variable that ``${env:...}`` or ``[env] required`` asks for is not set
P041    a ``${file:...}`` that cannot be read
P042    ``${`` of another sort
P043    a ``${row...}`` where no row can be
P044    files that include each other
P045    a setting of the environment or of ``--set`` that is none
P046    a data file that cannot be used as rows
P047    data that no request uses (warning)
P050    a certificate or key file cannot be used
P051    ``verify = false`` (warning)
P052    ``cert`` without ``key``, or the reverse
P053    more sockets than this process may have open files (warning)
P054    a secret stands in the profile itself (warning)
P055    others can read a private key, or a file that a secret is read from (warning)
P056    the secrets of every handshake are written to a file (warning)
P057    an environment variable is not set
P060    not a usable URL
P061    not a usable header
P062    not a usable method or path
P063    a host that is not loopback and that ``[safety]`` does not allow
P064    everybody who reaches this machine can read what is exported (warning)
P065    more than a ceiling of ``[safety]`` lets through (warning: it counts in its place)
P066    an export, or a codec, needs what is not installed
P067    an export's port cannot be had on this machine now
P070    a file of keys: a key that is the same for everybody
P071    a file of keys: a command that must keep a key has none
P072    a file of keys: not a key, or none that fits there
P073    a file of keys: a key that would do two things
======  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from pooltop.errors import ProfileError

Severity = Literal["error", "warn"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to correct, or to know."""

    file: str
    """The profile as the user named it, printable; the variable, or ``--set KEY``, where that is
    what is wrong."""
    line: int | None
    """Counts from 1; None when the file as a whole is meant."""
    column: int | None
    """Counts characters from 1: of the value, or of the key when the key is what is wrong."""
    severity: Severity
    code: str
    """One of the codes in this module's table; stable between versions."""
    key: str
    """Dotted, as TOML writes it; empty when no key is meant."""
    value: str | None
    """As TOML writes it, shortened; None for tables, missing values and secrets."""
    message: str
    """What is wrong, what is allowed, and a suggestion where there is one."""

    def __str__(self) -> str:
        """Give the one line: ``file:line:column severity code key = value: message``."""
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        place += ":" if self.line is None else ""
        subject = self.key if self.value is None else f"{self.key} = {self.value}"
        return f"{place} {self.severity:<5} {self.code} {subject + ': ' if subject else ''}" + (
            self.message
        )


class ProfileErrors(ProfileError):
    """Everything that is wrong with one profile, in the order of the file.

    ``str()`` gives one line for each problem, warnings among them.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; at least one is an error."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
