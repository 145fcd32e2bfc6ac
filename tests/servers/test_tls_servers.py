"""TLS against servers that are not Python's: nginx and Node resume what the agent caches."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from support.nginx import NGINX, start_nginx
from support.pki import CLIENT, issue

from pooltop import Agent, TLSOptions
from pooltop.errors import RequestError

NODE = os.environ.get("POOLTOP_NODE") or shutil.which("node")
ROOT = issue("root", is_ca=True)
SITE = issue("site", ROOT, sans=["127.0.0.1"])
ME = issue("me", ROOT, purposes=[CLIENT])

NGINX_CONF = """
worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log {dir}/error.log crit;
events {{ worker_connections 64; }}
http {{
  access_log off; ssl_certificate {dir}/site.pem; ssl_certificate_key {dir}/site-key.pem;
  ssl_client_certificate {dir}/ca.pem; ssl_verify_client {verify}; ssl_protocols {version};
  ssl_session_cache shared:S:1m; keepalive_timeout 60s;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  server {{ listen 127.0.0.1:{port} ssl; location / {{ return 200 "hello"; }} }}
}}
"""

NODE_SERVER = """
const [dir, version, verify] = process.argv.slice(1);
const read = (name) => require('node:fs').readFileSync(`${dir}/${name}.pem`);
const server = require('node:https').createServer({
  key: read('site-key'), cert: read('site'), ca: read('ca'),
  minVersion: version, maxVersion: version,
  requestCert: verify === 'on', rejectUnauthorized: verify === 'on',
}, (req, res) => res.end('hello'));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


@pytest.fixture
def start(tmp_path):
    """Start a server in a process: ``start(kind, version, verify)``; give its URL."""
    processes = []
    for name, data in (
        ("ca", ROOT.pem),
        ("site", SITE.pem),
        ("site-key", SITE.key_pem()),
        ("me", ME.pem + ME.key_pem()),
    ):
        (tmp_path / f"{name}.pem").write_bytes(data)

    def run(kind, version, verify):
        if kind == "node":
            command = [NODE, "-e", NODE_SERVER, str(tmp_path), version, verify]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            processes.append(process)
            return f"https://127.0.0.1:{int(process.stdout.readline())}"
        process, port = start_nginx(NGINX_CONF, tmp_path, verify=verify, version=version)
        processes.append(process)
        return f"https://127.0.0.1:{port}"

    yield run
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


KINDS = [
    pytest.param("nginx", marks=pytest.mark.skipif(NGINX is None, reason="no nginx")),
    pytest.param("node", marks=pytest.mark.skipif(NODE is None, reason="no Node")),
]


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_second_connection_resumes(start, tmp_path, kind, version):
    url = start(kind, version, "off")
    async with Agent(tls=TLSOptions(ca=(str(tmp_path / "ca.pem"),))) as agent:
        seen = []
        for _ in range(3):
            response = await agent.request("GET", url)
            (sockets,) = agent.sockets.values()
            seen += [(each.tls.split(" ")[0], each.tls_resumed) for each in sockets]
            assert b"hello" == await response.read()
    assert [(version, False), (version, True), (version, True)] == seen


# What they say to a client without a certificate, and whether it is said in an alert.
UNCERTIFIED = {
    ("nginx", "TLSv1.2"): 400,
    ("nginx", "TLSv1.3"): 400,
    ("node", "TLSv1.2"): "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
    ("node", "TLSv1.3"): "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
}


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_client_certificate_opens_what_is_closed_without(start, tmp_path, kind, version):
    url = start(kind, version, "on")
    ca = (str(tmp_path / "ca.pem"),)
    async with Agent(tls=TLSOptions(ca=ca, cert=str(tmp_path / "me.pem"))) as agent:
        assert b"hello" == await (await agent.request("GET", url)).read()
    async with Agent(tls=TLSOptions(ca=ca)) as agent:
        said = UNCERTIFIED[kind, version]
        if isinstance(said, int):
            assert said == (await agent.request("GET", url)).status
        else:
            with pytest.raises(RequestError, match="client certificate") as caught:
                await (await agent.request("GET", url)).read()
            assert said == caught.value.code
