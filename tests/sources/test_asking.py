"""The question at start, put to an operator who is a list of answers."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from pooltop.core.model import AgentProfile, Profile
from pooltop.core.traffic import Workload
from pooltop.errors import ProfileError
from pooltop.sources import asking
from pooltop.sources.asking import Terminal, ask_consent

NAMES = {
    "pay.internal": ("10.0.0.7", "10.0.0.8"),
    "mine.test": ("127.0.0.1",),
    "shop.test": ("192.0.2.7",),
    "mixed.test": ("10.0.0.7", "192.0.2.7"),
    "evil.test": ("169.254.169.254",),
    "many.test": tuple(f"10.0.0.{n}" for n in range(6)),
}
LOOKS_UP = "pooltop: looking up {}, to see whether it is in a network of your own\n"
NETWORK = "pooltop: this sends traffic to your private network:\n  {}\nSend it? y/N "
FAR = (
    "pooltop: {} is neither this machine nor a private network. Who is not expected there may be "
    "taken for an attack.\nTo send it traffic type the host: "
)


@pytest.fixture
def ask() -> Callable[..., tuple[tuple[str, ...], list[str]]]:
    """Give a function that asks for hosts; it gives those allowed, and all that was said."""

    def asked(hosts, *answers, allowed=()):
        said: list[str] = []
        left = list(answers)
        profile = Profile(
            path="x.toml",
            agents=(AgentProfile(name="a"),),
            workloads=tuple(
                Workload(name=host, agent="a", base_url=f"http://{host}:80") for host in hosts
            ),
            allow_hosts=allowed,
        )

        def look_up(name):
            said.append("?")
            return NAMES.get(name, ())

        terminal = Terminal(said.append, lambda: left.pop(0) if left else "")
        given = ask_consent(profile, terminal, look_up).allow_hosts
        assert not left, "asked less than expected"
        return given, said

    return asked


@pytest.mark.parametrize("answer", ["y\n", "Y\n", " yes \n"])
def test_a_private_network_is_asked_for_once_with_its_addresses(ask, answer) -> None:
    hosts = ["pay.internal", "192.168.0.9", "[fd12::1]", "127.0.0.1"]
    allowed, said = ask(hosts, answer)
    assert ("pay.internal", "192.168.0.9", "fd12::1") == allowed
    shown = "pay.internal (10.0.0.7, 10.0.0.8)\n  192.168.0.9\n  fd12::1"
    assert [LOOKS_UP.format("pay.internal"), "?", NETWORK.format(shown)] == said


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "no\n", "yep\n", "pay.internal\n"])
def test_anything_but_yes_is_no(ask, answer) -> None:
    with pytest.raises(ProfileError) as refusal:
        ask(["pay.internal"], answer)
    assert str(refusal.value).startswith("x.toml: nothing was sent. pay.internal is not this")
    assert 'allow_hosts = ["pay.internal"], or start with --allow pay.internal' in str(
        refusal.value
    )


@pytest.mark.parametrize("host", ["shop.test", "mixed.test", "gone.test"])
def test_of_any_other_host_the_name_is_typed(ask, host) -> None:
    allowed, said = ask([host], f"{host}\n")
    assert (host,) == allowed
    addresses = NAMES.get(host)
    shown = f"{host} ({', '.join(addresses)})" if addresses else host
    assert [LOOKS_UP.format(host), "?", FAR.format(shown)] == said


@pytest.mark.parametrize("answer", ["", "y\n", "yes\n", "shop\n"])
def test_yes_is_not_the_name(ask, answer) -> None:
    with pytest.raises(ProfileError, match="nothing was sent"):
        ask(["shop.test"], answer)


def test_an_address_is_not_looked_up(ask) -> None:
    allowed, said = ask(["192.0.2.7", "[2001:db8::1]"], "192.0.2.7\n", "2001:db8::1\n")
    assert (("192.0.2.7", "2001:db8::1"), 2) == (allowed, len(said))


def test_a_name_of_this_machines_own_address_is_asked_for_all_the_same(ask) -> None:
    assert ("mine.test",) == ask(["mine.test"], "y\n")[0]


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "metadata", "evil.test"])
def test_link_local_and_metadata_are_not_even_asked_for(ask, host) -> None:
    with pytest.raises(ProfileError, match="is link-local, or a cloud's metadata"):
        ask([host, "10.0.0.1"])
    assert host.strip("[]") in ask([host], allowed=(host.strip("[]"),))[0]


def test_what_is_allowed_is_not_asked_for_and_nothing_is_looked_up(ask) -> None:
    allowed = ("shop.test", "10.0.0.1")
    assert (allowed, []) == ask([*allowed, "localhost"], allowed=allowed)


def test_many_addresses_are_a_few_and_a_number(ask) -> None:
    _, said = ask(["many.test"], "y\n")
    assert "many.test (10.0.0.0, 10.0.0.1, 10.0.0.2, 10.0.0.3 and 2 more)" in said[-1]


def test_the_look_up_is_the_systems_and_a_failure_is_no_address(monkeypatch) -> None:
    assert "127.0.0.1" in asking.look_up("localhost")

    def fails(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "x")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    assert () == asking.look_up("shop.test")
