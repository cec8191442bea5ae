import asyncio
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from providers.kube.evidence import Evidence
from providers.kube.probe import Questions, collect
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.conftest import Look
from tests.kube.servers import VERSION, ApiServer, hang_up, serving, silence, status

SHORT = 3.0  # seconds of the whole look: 1 to connect, 1.8 to wait for an answer


def collect_from(address: str, *, timeout: float = 10.0) -> Evidence:
    target = ClusterTarget(address=address, namespace="coder", token="s3cr3t-token")
    return asyncio.run(collect(target, Questions(expects_release=False), timeout=timeout))


def test_it_says_dns_failed_for_a_name_that_does_not_exist() -> None:
    evidence = collect_from("https://name.invalid:6443")
    assert (evidence.reason, evidence.reachable) == ("dns_failed", False)
    assert "name.invalid:6443" in evidence.message


def test_it_says_dns_failed_for_a_label_that_no_name_may_have() -> None:
    assert collect_from(f"https://{'a' * 64}.example:6443").reason == "dns_failed"


def test_it_says_connection_refused_where_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        evidence = collect_from(f"https://127.0.0.1:{unused.getsockname()[1]}")
    assert (evidence.reason, evidence.reachable) == ("connection_refused", False)


def test_it_says_connection_refused_when_every_address_of_a_name_refuses() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert collect_from(f"https://localhost:{unused.getsockname()[1]}").reason == "connection_refused"


def test_it_says_connect_timeout_when_no_connection_comes_about() -> None:
    """A server whose queue is full drops whoever knocks."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        evidence = collect_from(f"https://127.0.0.1:{full.getsockname()[1]}", timeout=SHORT)
    assert (evidence.reason, evidence.reachable) == ("connect_timeout", False)


def test_it_says_connect_timeout_when_tls_does_not_come_about() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        evidence = collect_from(f"https://127.0.0.1:{listening.getsockname()[1]}", timeout=SHORT)
    assert (evidence.reason, evidence.reachable) == ("connect_timeout", False)


def test_it_says_read_timeout_when_the_answer_does_not_come(look: Look) -> None:
    assert look(silence, timeout=SHORT).reason == "read_timeout"


def test_it_says_read_timeout_when_the_answer_comes_drop_by_drop(look: Look) -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.05)

    assert look(drip, timeout=SHORT).reason == "read_timeout"


def test_it_says_unreachable_when_the_connection_breaks(look: Look) -> None:
    assert look(hang_up).reason == "unreachable"


def test_it_says_tls_untrusted_for_the_certificate_of_another_authority(look: Look, tmp_path: Path) -> None:
    evidence = look(ApiServer({}), tls=Authority("stranger").server_context(tmp_path))
    assert (evidence.reason, evidence.reachable) == ("tls_untrusted", False)


def test_it_says_tls_untrusted_when_no_authority_is_given(context: ssl.SSLContext) -> None:
    async def scenario() -> Evidence:
        async with serving(ApiServer({}), context) as address:
            target = ClusterTarget(address=address, namespace="coder")
            return await collect(target, Questions(expects_release=False))

    assert asyncio.run(scenario()).reason == "tls_untrusted"


@pytest.mark.parametrize("host", ["10.1.2.3", "api.example.com"])
def test_it_says_tls_wrong_name(look: Look, authority: Authority, tmp_path: Path, host: str) -> None:
    assert look(ApiServer({}), tls=authority.server_context(tmp_path, host)).reason == "tls_wrong_name"


def test_it_says_tls_expired(look: Look, authority: Authority, tmp_path: Path) -> None:
    assert look(ApiServer({}), tls=authority.server_context(tmp_path, days_left=-1)).reason == "tls_expired"


def test_it_says_not_kubernetes_for_a_server_without_tls(look: Look) -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    assert look(plain, tls=None).reason == "not_kubernetes"


@pytest.mark.parametrize(
    "answer",
    [
        (200, "<html>Welcome</html>"),
        (200, {"hello": "world"}),
        (200, ["a", "list"]),
        (404, "<html>Not here</html>"),
        (302, ""),
    ],
)
def test_it_says_not_kubernetes_for_any_other_web_server(look: Look, answer: tuple[int, object]) -> None:
    evidence = look(ApiServer({"/version": answer, "/elsewhere": VERSION}))
    assert (evidence.reason, evidence.reachable) == ("not_kubernetes", False)


def test_it_says_credential_refused(look: Look) -> None:
    evidence = look(ApiServer({"/version": status(401, "Unauthorized", "Unauthorized")}))
    assert (evidence.reason, evidence.reachable) == ("credential_refused", True)


def test_it_says_credential_refused_when_the_cluster_sees_an_anonymous_caller(look: Look) -> None:
    refusal = status(403, "Forbidden", 'namespaces "coder" is forbidden: User "system:anonymous" cannot get it')
    evidence = look(ApiServer({"/version": VERSION, "/api/v1/namespaces/coder": refusal}))
    assert evidence.reason == "credential_refused"


def test_it_says_version_too_old(look: Look) -> None:
    evidence = look(ApiServer({"/version": (200, {"gitVersion": "v1.19.16-eks-1"})}))
    assert (evidence.reason, evidence.kubernetes_version) == ("version_too_old", "v1.19.16-eks-1")
    assert "1.20" in evidence.message


def test_it_says_api_not_ready_and_which_check_fails(look: Look) -> None:
    answers = {
        "/version": VERSION,
        "/api/v1/namespaces/coder": status(500, "InternalError", "etcdserver: request timed out"),
        "/readyz": (500, "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n"),
    }
    evidence = look(ApiServer(answers))
    assert (evidence.reason, evidence.reachable) == ("api_not_ready", True)
    assert "etcd" in evidence.message


def test_a_refusal_of_an_api_server_that_is_still_starting_is_not_believed(look: Look) -> None:
    answers = {"/version": status(401, "Unauthorized"), "/readyz": (500, "[-]poststarthook/rbac failed: not finished")}
    assert look(ApiServer(answers)).reason == "api_not_ready"


def test_it_says_namespace_missing(look: Look) -> None:
    missing = status(404, "NotFound", 'namespaces "coder" not found', kind="namespaces", name="coder")
    evidence = look(ApiServer({"/version": VERSION, "/api/v1/namespaces/coder": missing}))
    assert evidence.reason == "namespace_missing"
    assert "coder" in evidence.message


def test_it_says_namespace_terminating(look: Look) -> None:
    going = (200, {"status": {"phase": "Terminating"}})
    evidence = look(ApiServer({"/version": VERSION, "/api/v1/namespaces/coder": going}))
    assert (evidence.reason, evidence.namespace_phase) == ("namespace_terminating", "Terminating")


def test_it_survives_answers_of_the_wrong_shape(look: Look) -> None:
    evidence = look(ApiServer({"/version": VERSION, "/api/v1/namespaces/coder": (200, {"status": 5})}))
    assert evidence.reason == "unexpected"


def test_it_reads_no_endless_answer(look: Look) -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        while not writer.is_closing():
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)  # once the client has said goodbye, a TLS writer drops bytes and never waits

    evidence = look(flood)
    assert (evidence.reason, "larger than" in evidence.message) == ("unexpected", True)
