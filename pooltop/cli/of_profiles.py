"""The commands about files that people write: profiles and keys. Nothing is sent."""

from __future__ import annotations

from pooltop.cli import given
from pooltop.cli.telling import EXIT_USAGE, refuse, say, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.cli.args import Request


def check(request: Request) -> int:
    """Say what is wrong with a profile, or what is in it."""
    loaded = given.load(request)
    if loaded is None:
        return EXIT_USAGE
    agents, workloads = len(loaded.profile.agents), len(loaded.profile.workloads)
    return say(f"ok: {_count(agents, 'agent')}, {_count(workloads, 'workload')}\n")


def init(request: Request) -> int:
    """Write a profile to start from."""
    from pooltop.profiles.starter import USUAL_NAME, write_starter

    path = request.profile or USUAL_NAME

    def work() -> int:
        write_starter(path)
        return say(f"{path} is written; pooltop --profile {path} runs it\n")

    return told(work)


def explain(request: Request) -> int:
    """Say what counts for a key, and who was overruled."""
    loaded = given.load(request)
    if loaded is None:
        return EXIT_USAGE
    from pooltop.profiles.explain import explain as explained

    return told(lambda: say(explained(request.key or "", loaded.effective)))


def export(request: Request) -> int:
    """Print the limits of one agent as code for a client."""
    from pooltop.profiles.shown import did_you_mean
    from pooltop.takehome import TARGETS, of_profile, take_home

    target, path = request.as_, request.profile
    if target is None or path is None:
        rows = "".join(f"  {name:<15} {each.title}\n" for name, each in TARGETS.items())
        return say(f"pooltop export FILE --as one of\n{rows}")
    if target not in TARGETS:
        hint = did_you_mean(target, TARGETS)
        return refuse(f'--as "{target[:64]}": there are {", ".join(TARGETS)}.{hint}\n')
    loaded = given.load(request)
    if loaded is None:
        return EXIT_USAGE
    agents = {agent.name: agent for agent in loaded.profile.agents}
    name = next(iter(agents)) if request.agent is None and len(agents) == 1 else request.agent
    if name not in agents:
        there = f"its agents are {', '.join(agents)}"
        if name is None:
            return refuse(f"{path} has several agents: say which with --agent; {there}\n")
        return refuse(f'{path} has no agent "{name[:64]}"; {there}.{did_you_mean(name, agents)}\n')
    urls = (each.base_url for each in loaded.profile.workloads if each.agent == name)
    # Those of the demo have no address before it runs.
    origins = tuple(dict.fromkeys(url for url in urls if "://" in url))
    return say(take_home(of_profile(agents[name], origins), target))


def print_config(request: Request) -> int:
    """Print every value that counts."""
    given.said_of_the_profile(request)
    loaded = given.load(request)
    if loaded is None:
        return EXIT_USAGE
    from pooltop.profiles.config import config_as_json, config_as_toml

    return say((config_as_json if request.json else config_as_toml)(loaded.effective))


def schema(_: Request) -> int:
    """Print the JSON schema of profiles."""
    from pooltop.profiles.schema import schema_text

    return say(schema_text())


def keys(request: Request) -> int:
    """Print the dashboard's keys, as a file of keys."""
    from pooltop.keyfile import keys_as_toml

    return say(keys_as_toml(given.load_keys(request)))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
