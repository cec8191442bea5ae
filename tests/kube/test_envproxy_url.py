"""Whether envproxy's URL answers: every trouble is caused for real."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from providers.kube import envproxy_url
from providers.kube.envproxy_url import ask_envproxy
from providers.kube.evidence import Evidence, UrlAnswer
from providers.kube.probe import Questions, collect
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import VERSION, ApiServer, Handler, hang_up, serving, silence

HEALTHY = {"/proxy/healthz": (200, "ok")}
GOOD_CLUSTER = {"/version": VERSION, "/api/v1/namespaces/coder": (200, {"status": {"phase": "Active"}})}


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test authority is among those that the system trusts."""
    trust = ssl.create_default_context(cadata=authority.pem)
    monkeypatch.setattr(envproxy_url, "system_trust", lambda: trust)


def ask(handler: Handler, tls: ssl.SSLContext | None, *, timeout: float = 3.0) -> UrlAnswer:
    async def scenario() -> UrlAnswer:
        async with serving(handler, tls) as address:
            return await ask_envproxy(in_scheme(address, tls) + "/proxy", timeout=timeout)

    return asyncio.run(scenario())


def in_scheme(address: str, tls: ssl.SSLContext | None) -> str:
    return address if tls else address.replace("https://", "http://")


@pytest.mark.usefixtures("trusted")
def test_it_answers(context: ssl.SSLContext) -> None:
    for tls in (context, None):
        server = ApiServer(HEALTHY)
        assert ask(server, tls) == UrlAnswer(answers=True)
        assert [request.path for request in server.requests] == ["/proxy/healthz"]
        assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("status", "said"), [(404, "HTTP 404"), (503, "HTTP 503"), (204, "HTTP 204"), (302, "redirects elsewhere")]
)
def test_any_other_status_is_no_answer(status: int, said: str) -> None:
    server = ApiServer({"/proxy/healthz": (status, ""), "/elsewhere": (200, "ok")})
    answer = ask(server, None)
    assert not answer.answers
    assert said in answer.problem
    assert len(server.requests) == 1, "a redirect is not followed"


def test_a_name_that_does_not_exist() -> None:
    answer = asyncio.run(ask_envproxy("https://sydney.invalid/proxy", timeout=3))
    assert answer == UrlAnswer(answers=False, problem="The name in sydney.invalid does not resolve.")


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        answer = asyncio.run(ask_envproxy(f"http://127.0.0.1:{unused.getsockname()[1]}/proxy", timeout=3))
    assert "refuses the connection" in answer.problem


@pytest.mark.parametrize("handler", [silence, hang_up])
def test_nobody_answers(handler: Handler) -> None:
    answer = ask(handler, None, timeout=1.0)
    assert not answer.answers
    assert "did not answer in time" in answer.problem or "closed the connection" in answer.problem


def test_the_certificate_is_not_trusted(context: ssl.SSLContext) -> None:
    assert "not signed by a CA that we trust" in ask(ApiServer(HEALTHY), context).problem


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("host", "days_left", "said"),
    [("sydney.example.com", 30, "not made for the name"), ("127.0.0.1", -1, "has expired")],
)
def test_the_certificate_is_wrong(authority: Authority, tmp_path: Path, host: str, days_left: int, said: str) -> None:
    tls = authority.server_context(tmp_path, host, days_left=days_left)
    assert said in ask(ApiServer(HEALTHY), tls).problem


async def _not_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()


def test_it_does_not_speak_http() -> None:
    assert "does not speak http." in ask(_not_http, None).problem


def test_an_endless_body_is_not_read() -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"100000\r\n" + b" " * 0x100000 + b"\r\n")
            await writer.drain()

    assert ask(flood, None).answers


def test_it_is_asked_while_the_cluster_is_and_neither_waits_for_the_other(
    authority: Authority, context: ssl.SSLContext
) -> None:
    """Both servers answer only once both have been asked."""
    met = asyncio.Barrier(2)

    async def scenario() -> Evidence:
        async def answer_together(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await met.wait()
            await ApiServer(HEALTHY | GOOD_CLUSTER)(reader, writer)

        async with serving(answer_together, context) as cluster, serving(answer_together, None) as envproxy:
            target = ClusterTarget(address=cluster, namespace="coder", ca_pem=authority.pem)
            questions = Questions(expects_release=False, envproxy_url=in_scheme(envproxy, None) + "/proxy")
            return await collect(target, questions, timeout=10)

    evidence = asyncio.run(scenario())
    assert (evidence.reason, evidence.url_answer) == ("", UrlAnswer(answers=True))


def test_it_is_told_also_when_the_cluster_is_away() -> None:
    async def scenario() -> Evidence:
        async with serving(ApiServer(HEALTHY), None) as envproxy:
            target = ClusterTarget(address="https://cluster.invalid", namespace="coder")
            questions = Questions(expects_release=False, envproxy_url=in_scheme(envproxy, None) + "/proxy")
            return await collect(target, questions, timeout=5)

    evidence = asyncio.run(scenario())
    assert (evidence.reason, evidence.url_answer) == ("dns_failed", UrlAnswer(answers=True))
