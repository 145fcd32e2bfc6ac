"""Ports of Node's tests of TLS options, of the cache of TLS sessions, and of who is checked."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from support.pki import CLIENT, issue, server_context

from pooltop import TLSOptions
from pooltop.errors import NetworkError
from pooltop.profiles import ProfileErrors, load_text
from pooltop.profiles.unavailable import TLS as UNAVAILABLE

ROOT = issue("root", is_ca=True)
AGENT1 = issue("agent1", ROOT)
OPENSSL = shutil.which("openssl")


@pytest.fixture
def trust(tmp_path):
    """Give the options that trust the authority, for agent1 unless it is said otherwise."""
    (tmp_path / "ca.pem").write_bytes(ROOT.pem)

    def options(**more):
        return TLSOptions(**{"ca": (str(tmp_path / "ca.pem"),), "servername": "agent1", **more})

    return options


@pytest.fixture
def site(serve, tmp_path):
    """Start a server that is agent1."""

    async def start(version=None):
        return await serve(context=server_context(tmp_path, AGENT1, version=version))

    return start


async def _resumed(agent, url, **more):
    """Request; say whether its connection resumed an earlier one's session."""
    response = await agent.request("GET", url, **more)
    resumed = [each.tls_resumed for sockets in agent.sockets.values() for each in sockets]
    await response.read()
    assert 1 == len(resumed)
    return resumed[0]


@pytest.mark.node_test("parallel/test-https-agent-additional-options.js")
class TestHttpsAgentAdditionalOptions:
    async def test_each_value_is_in_the_key_of_an_idle_socket(self, site, agent_of, trust, fetch):
        server = await site()
        agent = agent_of(keep_alive=True)
        values = {
            "ciphers": "ALL@SECLEVEL=0",
            "ecdh_curve": "secp384r1",
            "min_version": "TLSv1.2",
            "max_version": "TLSv1.3",
            "secure_options": int(ssl.OP_CIPHER_SERVER_PREFERENCE),
        }
        await fetch(agent, server.url, tls=trust())
        for option, value in values.items():
            before = set(agent.free_sockets)
            await fetch(agent, server.url, tls=trust(**{option: value}))
            (key,) = set(agent.free_sockets) - before
            assert f":{value}:" in key
        assert 1 + len(values) == len(server.wires)

    @pytest.mark.parametrize(
        "option", ["dhparam", "honorCipherOrder", "secureProtocol", "sessionIdContext"]
    )
    def test_what_cannot_be_had_says_why(self, option):
        text = f'[agents.a.tls]\n{option} = "x"\n[workloads.w]\nagent = "a"\nbase_url = "https://[::1]:1"\n'
        with pytest.raises(ProfileErrors) as caught:
            load_text(text, "x.toml")
        assert ["P023"] == [problem.code for problem in caught.value.problems]
        assert UNAVAILABLE[option] in str(caught.value)


@pytest.mark.node_test("parallel/test-https-agent-disable-session-reuse.js")
class TestHttpsAgentDisableSessionReuse:
    async def test_without_a_cache_each_connection_has_a_session_of_its_own(
        self, site, agent_of, trust
    ):
        server = await site()
        agent = agent_of(max_cached_sessions=0, tls=trust())
        assert [False, False] == [await _resumed(agent, server.url) for _ in range(2)]
        assert 2 == len(server.wires)


@pytest.mark.node_test("parallel/test-https-agent-keylog.js")
class TestHttpsAgentKeylog:
    async def test_every_handshake_has_its_lines(self, site, agent_of, trust, fetch, tmp_path):
        """A file, as browsers have it, instead of an event for each line."""
        server = await site(ssl.TLSVersion.TLSv1_3)
        agent = agent_of(tls=trust(keylog_file=str(tmp_path / "keys.log")))
        for _ in range(2):
            await fetch(agent, server.url)
        lines = (tmp_path / "keys.log").read_text().splitlines()
        secrets = [line.split(" ") for line in lines if not line.startswith("#")]
        assert len(secrets) >= 10
        assert {3} == {len(parts) for parts in secrets}
        assert 2 == len({client_random for _, client_random, _ in secrets})


@pytest.mark.node_test("parallel/test-https-agent-session-eviction.js")
class TestHttpsAgentSessionEviction:
    async def test_a_session_of_a_server_that_speaks_an_older_version_now_does_no_harm(
        self, serve, agent_of, trust, tmp_path
    ):
        """Node goes back to TLS 1.0, which is not spoken here."""
        context = server_context(tmp_path, AGENT1)
        server = await serve(context=context)
        agent = agent_of(tls=trust(verify=False))
        assert [False, True] == [await _resumed(agent, server.url) for _ in range(2)]
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert [False, True] == [await _resumed(agent, server.url) for _ in range(2)]


@pytest.mark.node_test("parallel/test-https-agent-session-reuse.js")
class TestHttpsAgentSessionReuse:
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    async def test_one_session_is_cached_and_replaced_when_the_server_forgets_its_key(
        self, agent_of, trust, tmp_path, version
    ):
        port = 0
        resumed = {}
        agent = agent_of(max_cached_sessions=1)

        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            await reader.read()
            writer.transport.abort()

        for names in (
            ["first", "first-reuse", "cipher-change", "before-drop"],
            ["after-drop", "after-drop-reuse"],
        ):
            # A context is what has the key of the tickets.
            context = server_context(tmp_path, AGENT1, version=version)
            server = await asyncio.start_server(answer, "127.0.0.1", port, ssl=context)
            async with server:
                port = server.sockets[0].getsockname()[1]
                for name in names:
                    tls = trust(ciphers="ECDHE+AESGCM") if name == "cipher-change" else trust()
                    resumed[name] = await _resumed(agent, f"https://127.0.0.1:{port}", tls=tls)
        expected = {
            "first": False,
            "first-reuse": True,
            "cipher-change": False,
            "before-drop": False,
            "after-drop": False,
            "after-drop-reuse": True,
        }
        assert expected == resumed


@pytest.mark.node_test("parallel/test-https-client-checkServerIdentity.js")
class TestHttpsClientCheckServerIdentity:
    """Who is accepted is said by name, not by a function: what it accepts is verified all the same."""

    async def test_another_hosts_certificate_is_refused(self, site, agent_of, trust, fetch):
        server = await site()
        with pytest.raises(NetworkError) as caught:
            await fetch(agent_of(tls=trust(servername=None)), server.url)
        assert "ERR_TLS_CERT_ALTNAME_INVALID" == caught.value.code

    async def test_the_caller_can_say_for_whom_to_check(self, site, agent_of, trust):
        server = await site()
        agent = agent_of(keep_alive=True, tls=trust(servername="agent1"))
        await (await agent.request("GET", server.url)).read()
        ((held,),) = agent.free_sockets.values()
        assert held.verified


@pytest.mark.node_test("parallel/test-https-agent-checkserveridentity-reuse.js")
class TestHttpsAgentCheckserveridentityReuse:
    """As above: a request's own word on who is to answer is a name, and always looked at."""

    @pytest.mark.parametrize("keep_alive", [False, True], ids=["by session", "by idle socket"])
    async def test_what_one_request_accepted_is_not_accepted_for_another(
        self, site, agent_of, trust, fetch, keep_alive
    ):
        server = await site()
        agent = agent_of(keep_alive=keep_alive)
        assert (200, b"/") == await fetch(agent, server.url, tls=trust(servername="agent1"))
        for _ in range(2):
            with pytest.raises(NetworkError) as caught:
                await fetch(agent, server.url, tls=trust(servername="agent2"))
            assert "ERR_TLS_CERT_ALTNAME_INVALID" == caught.value.code
        assert 1 == len(server.wires)

    async def test_what_the_agent_accepts_for_all_is_resumed(self, site, agent_of, trust):
        server = await site()
        agent = agent_of(tls=trust(servername="agent1"))
        assert [False, True] == [await _resumed(agent, server.url) for _ in range(2)]


@pytest.mark.node_test("parallel/test-https-pfx.js")
class TestHttpsPfx:
    """Python's ssl reads no PKCS#12: it says how to split it, and what comes of that works."""

    @pytest.mark.skipif(OPENSSL is None, reason="the remedy is a command of openssl")
    async def test_a_container_that_was_split_as_told_lets_the_client_in(
        self, serve, agent_of, trust, fetch, tmp_path
    ):
        me = issue("me", ROOT, purposes=[CLIENT])
        container = pkcs12.serialize_key_and_certificates(
            b"me", me.key, me.cert, None, BestAvailableEncryption(b"sample")
        )
        (tmp_path / "me.pfx").write_bytes(container)
        command = UNAVAILABLE["pfx"].partition("cert and key: ")[2].replace("FILE", "me.pfx")
        for one in command.split("; "):
            secrets = ["-passin", "pass:sample", "-passout", "pass:sample"]
            subprocess.run(
                [*one.split(" "), *secrets], cwd=tmp_path, check=True, capture_output=True
            )
        context = server_context(tmp_path, AGENT1, wants_client_of=ROOT)
        server = await serve(context=context)
        tls = trust(
            cert=str(tmp_path / "cert.pem"), key=str(tmp_path / "key.pem"), passphrase="sample"
        )
        assert (200, b"/") == await fetch(agent_of(tls=tls), server.url)
