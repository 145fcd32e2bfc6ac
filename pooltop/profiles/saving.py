"""From a run to a file with what was tuned in it: drafted, looked at, checked, then written.

What is written is read once more before it gets its name, and has to give exactly the values that
were in force; in an environment that goes before any file it may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pooltop.core.model import AgentProfile, Profile
from pooltop.core.snapshot import AgentSnapshot, Snapshot
from pooltop.errors import UsageError
from pooltop.profiles.layers import OPTIONS
from pooltop.profiles.loading import Loaded, load, load_text
from pooltop.profiles.problems import ProfileErrors
from pooltop.profiles.shown import printable, shown_inline
from pooltop.profiles.tuned import Tuned, Verdict, differing, tunable, tuned
from pooltop.profiles.tuned_file import default_name, mode_like, path_between, put, tuned_text

DEMO = "demo"
"""What the built-in profile is called on screens."""


class _Origin(NamedTuple):
    """What a run came from."""

    path: str
    loaded: Loaded
    is_builtin: bool
    """Nobody's own file: what is written holds all of it."""
    demo: str = DEMO
    """Which demo, where it is one."""

    @property
    def name(self) -> str:
        return f"pooltop {self.demo}" if self.is_builtin else self.path


@dataclass(frozen=True)
class Draft:
    """What would be written."""

    tuned: Tuned
    wall_at: float
    origin: _Origin

    @property
    def name(self) -> str:
        """Give the name that is proposed: free, and beside the profile."""
        return default_name(DEMO if self.origin.is_builtin else self.origin.path)

    def write(self, file: str, *, replace: bool = False) -> str:
        """Write it to a new file; gives a sentence.

        Args:
            file: its path.
            replace: put it in the place of one that pooltop wrote.

        Raises:
            UsageError: nothing was tuned, it cannot be written, or would not give what is in
                force. Nothing was changed.
        """
        if not self.tuned.changes:
            raise UsageError(f"{printable(file)} is not written: {self.nothing}")
        origin = self.origin
        include = None if origin.is_builtin else path_between(file, origin.path)
        layers = origin.loaded.effective.layers
        ours = {f"--set {change.key}" for change in self.tuned.changes}
        settings = [name for name in layers.names(OPTIONS) if name not in ours]
        text = tuned_text(
            self.tuned,
            include=include,
            tree=layers.tree,
            came_from=origin.name,
            wall_at=self.wall_at,
            notes=tuple(
                f"Not in it, for the command line said it: {name}"
                for name in settings
                if include is not None
            ),
        )
        _check(self.tuned, text, file)
        put(file, text, mode=mode_like(origin.path), replace=replace)
        many = len(self.tuned.changes)
        said = f"written: {printable(file)}, {many} value{'' if many == 1 else 's'} tuned"
        return f"{said}; it includes {printable(include)}" if include is not None else said

    @property
    def nothing(self) -> str:
        """Say that nothing was tuned, and what would be put back."""
        return "; ".join(("nothing that stays was tuned", *self.tuned.left_out))


class Saving:
    """Knows what the runs that are watched came from."""

    def __init__(
        self,
        builtin: str,
        *,
        path: str | None = None,
        loaded: Loaded | None = None,
        demo: str = DEMO,
    ) -> None:
        """Prepare.

        Args:
            builtin: file of the profile that ``pooltop demo`` runs.
            path: of the profile that runs; None for the built-in one.
            loaded: that profile; None where another process has loaded it, or a recording is
                played: it is looked for when it is wanted.
            demo: what the demo that runs is called, where it is one.
        """
        self._builtin = builtin
        self._origin = (
            None
            if loaded is None
            else _Origin(path or builtin, loaded, is_builtin=path is None, demo=demo)
        )

    def draft(self, snapshot: Snapshot, verdict: Verdict = lambda _: "") -> Draft:
        """Give what would be written of an instant.

        Args:
            snapshot: the instant.
            verdict: what was measured of each edit.

        Raises:
            UsageError: the profile that it came from cannot be had; says why.
        """
        origin = self._origin or self._found(snapshot)
        loaded = origin.loaded
        found = tuned(snapshot, loaded.profile, loaded.effective, verdict)
        return Draft(found, snapshot.wall_at, origin)

    def agent(self, snapshot: Snapshot, name: str) -> AgentProfile | None:
        """Give what an agent began with, as the profile has it; None where that cannot be had."""
        try:
            origin = self._origin or self._found(snapshot)
        except UsageError:
            return None
        return next((each for each in origin.loaded.profile.agents if each.name == name), None)

    def _found(self, snapshot: Snapshot) -> _Origin:
        """Find what the engine of a snapshot came from.

        Raises:
            UsageError: it is not here, or is another by now.
        """
        name = snapshot.profile
        is_builtin = name == DEMO
        path = self._builtin if is_builtin else name
        try:
            loaded = load(path, will_ask=True)
        except ProfileErrors as errors:
            first = str(errors).partition("\n")[0]
            where = "go to the folder from which the engine was started"
            raise UsageError(f"its profile cannot be had here ({first}): {where}") from errors
        other = _differs(snapshot, loaded.profile)
        if other:
            raise UsageError(f"{printable(name)} here is not what the engine began with: {other}")
        return _Origin(path, loaded, is_builtin)


def _differs(snapshot: Snapshot, profile: Profile) -> str:
    """Say in what a profile is not what an engine began with; "" where it may well be."""
    agents = {agent.name: agent for agent in snapshot.agents}
    if list(agents) != [agent.name for agent in profile.agents]:
        return "it has other agents"
    if [one.name for one in snapshot.workloads] != [one.name for one in profile.workloads]:
        return "it has other workloads"
    for agent in profile.agents:
        other = _other_option(agent, agents[agent.name])
        if other:
            return f"agent {printable(agent.name)} has another {other}"
    for seen, one in zip(snapshot.workloads, profile.workloads, strict=True):
        began = one.rate if one.model == "open" else one.users
        told = seen.initial_rate if one.model == "open" else seen.initial_users
        if told != began and not one.stages:
            return f"workload {printable(one.name)} begins otherwise"
    return ""


def _other_option(agent: AgentProfile, told: AgentSnapshot) -> str:
    """Name an option with which an agent began otherwise; "" where there is none."""
    own, began = agent.dispatcher, told.initial_dispatcher
    if (own and own.kind) != (began and began.kind):
        return "kind"
    one, other = own or agent.options, began or told.initial_options
    keys = (key for key in tunable(own) if getattr(one, key.gives) != getattr(other, key.gives))
    return next((key.name for key in keys), "")


def _check(wanted: Tuned, text: str, file: str) -> None:
    """See that a text gives what was in force.

    Raises:
        UsageError: it does not; says which key, and who has the say.
    """
    name = printable(file)
    try:
        again = load_text(text, file, will_ask=True)
    except ProfileErrors as errors:
        first = str(errors).partition("\n")[0]
        raise UsageError(f"{name} is not written, for it could not be loaded: {first}") from errors
    for change, found in differing(wanted, again.profile):
        who = again.effective.layers.owner(change.path).name
        has = "would not have it" if found is None else f"would have {shown_inline(found)}"
        raise UsageError(f"{name} is not written: it {has} as {change.key}, because of {who}")
