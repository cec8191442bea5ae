import asyncio
import base64
import json
import socket
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest

from providers.kube.blocking import preflight_now
from providers.kube.findings import Finding, Level
from providers.kube.permissions import INSTALL, RUN
from providers.kube.preflight import preflight
from providers.target import ClusterTarget
from tests.clusters import eventually
from tests.kube.authority import Authority
from tests.kube.servers import VERSION, ApiServer, serving, status
from tests.kube.things import as_account, make_envproxy, make_revision, put

NETWORK = ["dns", "tcp", "tls"]
NEEDED = [*NETWORK, "version", "credential", "namespace"]
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
HEALTHY = {
    "/version": VERSION,
    REVIEW: (200, {"status": {"userInfo": {"username": "jane"}}}),
    "/api/v1/namespaces/coder": (200, {"status": {"phase": "Active"}}),
}


def findings(target: ClusterTarget, *, needs_ingress: bool = False, hostname: str = "") -> list[Finding]:
    return list(preflight_now(target, needs_ingress=needs_ingress, hostname=hostname))


def finding(target: ClusterTarget, code: str, **options: object) -> Finding:
    return next(each for each in findings(target, **options) if each.code == code)


def on_server(server: ApiServer, tls: ssl.SSLContext, authority: Authority, **fields: str) -> list[Finding]:
    async def scenario() -> list[Finding]:
        async with serving(server, tls) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem, **fields)
            return [each async for each in preflight(target, needs_ingress=True)]

    return asyncio.run(scenario())


def test_a_good_cluster_passes_every_check_in_order(target: ClusterTarget) -> None:
    found = findings(target, needs_ingress=True, hostname="name.invalid")
    assert [each.code for each in found] == [*NEEDED, "permissions", "storage", "ingress", "hostname", "release"]
    assert not [each for each in found if each.level is Level.ERROR]
    assert all(each.label and each.detail for each in found)
    assert all(bool(each.remedy) == (each.level is not Level.OK) for each in found)


def test_it_says_who_we_are_and_warns_of_a_token_that_ends_soon(target: ClusterTarget) -> None:
    account = as_account(target, "deployer", INSTALL)
    assert eventually(lambda: finding(account, "credential").level is Level.WARNING)
    found = finding(account, "credential")
    assert f"system:serviceaccount:{target.namespace}:deployer" in found.detail


def test_the_permissions_of_our_list_are_enough_to_install(target: ClusterTarget) -> None:
    account = as_account(target, "deployer", INSTALL)
    assert eventually(lambda: finding(account, "permissions").level is Level.OK)


def test_denied_verbs_are_grouped_and_the_rest_is_checked_all_the_same(target: ClusterTarget) -> None:
    found = findings(as_account(target, "runner", RUN))
    permissions = next(each for each in found if each.code == "permissions")
    assert permissions.level is Level.ERROR
    assert "get, list, watch, create, update, patch, delete roles" in permissions.detail
    assert found[-1].code == "release"


def test_a_missing_namespace_will_be_created_by_who_may(target: ClusterTarget) -> None:
    found = finding(replace(target, namespace="not-there-yet"), "namespace")
    assert (found.level, "will be created" in found.detail) == (Level.OK, True)


def test_a_namespace_that_may_not_be_looked_at_is_a_warning(target: ClusterTarget) -> None:
    account = replace(as_account(target, "runner", RUN), namespace="kube-system")
    assert finding(account, "namespace").level is Level.WARNING


@pytest.mark.parametrize(
    ("statuses", "level", "words"),
    [
        (["deployed"], Level.OK, "will be upgraded"),
        (["superseded", "deployed", "pending-upgrade"], Level.WARNING, "pending-upgrade"),
        (["pending-install"], Level.WARNING, "pending-install"),
        (["failed"], Level.WARNING, "failed"),
        (["uninstalled"], Level.OK, "will be installed"),
        ([], Level.OK, "will be installed"),
    ],
)
def test_it_tells_what_stands_under_the_name(
    target: ClusterTarget, statuses: list[str], level: Level, words: str
) -> None:
    put(target, "v1", "secrets", *(make_revision(number, each) for number, each in enumerate(statuses, start=1)))
    found = finding(target, "release")
    assert (found.level, words in found.detail) == (level, True)


def test_a_release_of_another_chart_is_an_error(target: ClusterTarget) -> None:
    put(target, "v1", "secrets", make_revision(1, "deployed", chart="nginx"))
    found = finding(target, "release")
    assert (found.level, "nginx" in found.detail) == (Level.ERROR, True)


def test_an_envproxy_that_helm_does_not_own_is_an_error(target: ClusterTarget) -> None:
    put(target, "apps/v1", "deployments", make_envproxy(replicas=0))
    assert finding(target, "release").level is Level.ERROR


def test_an_envproxy_of_our_release_is_taken_over(target: ClusterTarget) -> None:
    ours = {"meta.helm.sh/release-name": "coder-workspace-provider"}
    put(target, "apps/v1", "deployments", make_envproxy(replicas=0, annotations=ours))
    assert finding(target, "release").level is Level.OK


def classes(*names: str, default: str = "", kind: str = "storage") -> tuple[int, object]:
    marks = {name: {f"{kind}class.kubernetes.io/is-default-class": "true"} for name in names if name == default}
    return 200, {"items": [{"metadata": {"name": name, "annotations": marks.get(name)}} for name in names]}


@pytest.mark.parametrize(
    ("answer", "level", "words"),
    [
        (classes("slow", "fast", default="fast"), Level.OK, "fast is the default"),
        (classes("slow", "fast"), Level.WARNING, "slow, fast"),
        (classes(), Level.WARNING, "no storage class"),
        (status(403, "Forbidden"), Level.WARNING, "may not list"),
    ],
)
def test_the_default_storage_class_is_named_or_missed(
    authority: Authority, context: ssl.SSLContext, answer: tuple[int, object], level: Level, words: str
) -> None:
    found = on_server(ApiServer(HEALTHY | {"/apis/storage.k8s.io/v1/storageclasses": answer}), context, authority)
    storage = next(each for each in found if each.code == "storage")
    assert (storage.level, words in storage.detail) == (level, True)


@pytest.mark.parametrize(
    ("ingress", "gateway", "level", "words"),
    [
        (classes("nginx", "haproxy", default="nginx", kind="ingress"), (404, ""), Level.OK, "nginx is the default"),
        (classes("nginx"), (404, ""), Level.OK, "nginx"),
        (classes("nginx", "haproxy"), (404, ""), Level.WARNING, "None of"),
        (classes(), classes("envoy"), Level.OK, "Gateway class envoy"),
        (classes(), status(404, "NotFound"), Level.WARNING, "neither"),
        (status(403, "Forbidden"), (404, ""), Level.WARNING, "may not list"),
    ],
)
def test_an_ingress_or_gateway_class_is_named_or_missed(
    authority: Authority,
    context: ssl.SSLContext,
    ingress: tuple[int, object],
    gateway: tuple[int, object],
    level: Level,
    words: str,
) -> None:
    answers = {
        "/apis/networking.k8s.io/v1/ingressclasses": ingress,
        "/apis/gateway.networking.k8s.io/v1/gatewayclasses": gateway,
    }
    found = on_server(ApiServer(HEALTHY | answers), context, authority)
    one = next(each for each in found if each.code == "ingress")
    assert (one.level, words in one.detail) == (level, True)


def test_a_missing_namespace_that_may_not_be_made_ends_the_list(authority: Authority, context: ssl.SSLContext) -> None:
    answers = {
        "/api/v1/namespaces/coder": status(404, "NotFound", kind="namespaces"),
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": (200, {"status": {"allowed": False}}),
    }
    found = on_server(ApiServer(HEALTHY | answers), context, authority)
    assert [each.code for each in found] == NEEDED
    assert found[-1].level is Level.ERROR


def test_a_namespace_on_its_way_out_ends_the_list(authority: Authority, context: ssl.SSLContext) -> None:
    answers = {"/api/v1/namespaces/coder": (200, {"status": {"phase": "Terminating"}})}
    found = on_server(ApiServer(HEALTHY | answers), context, authority)
    assert ([each.code for each in found], found[-1].level) == (NEEDED, Level.ERROR)


def test_it_ends_with_a_name_that_does_not_resolve() -> None:
    found = findings(ClusterTarget(address="https://name.invalid:6443", namespace="coder"))
    assert [(each.code, each.level) for each in found] == [("dns", Level.ERROR)]
    assert found[0].remedy


def test_it_ends_with_a_refused_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"https://127.0.0.1:{unused.getsockname()[1]}"
        found = findings(ClusterTarget(address=address, namespace="coder"))
    assert [(each.code, each.level) for each in found] == [("dns", Level.OK), ("tcp", Level.ERROR)]


@pytest.mark.parametrize(("host", "days_left"), [("127.0.0.1", -1), ("10.1.2.3", 30)])
def test_it_ends_with_a_bad_certificate(authority: Authority, tmp_path: Path, host: str, days_left: int) -> None:
    found = on_server(ApiServer({}), authority.server_context(tmp_path, host, days_left=days_left), authority)
    assert [each.code for each in found] == NETWORK
    assert found[-1].level is Level.ERROR


def test_a_certificate_that_ends_soon_is_a_warning(authority: Authority, tmp_path: Path) -> None:
    tls = authority.server_context(tmp_path, days_left=13)
    found = on_server(ApiServer({"/version": (200, {"gitVersion": "v1.19.0"})}), tls, authority)
    assert [(each.code, each.level) for each in found[2:]] == [("tls", Level.WARNING), ("version", Level.ERROR)]


def test_a_refused_credential_is_told_under_its_own_label(authority: Authority, context: ssl.SSLContext) -> None:
    refused = status(401, "Unauthorized")
    found = on_server(ApiServer({"/version": refused, REVIEW: refused}), context, authority)
    assert [each.code for each in found] == [*NETWORK, "credential"]
    assert found[-1].level is Level.ERROR


def test_an_expired_token_is_not_read_from_nonsense(authority: Authority, context: ssl.SSLContext) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": int(time.time()) + 86400}).encode()).decode().rstrip("=")
    for token, level in ((f"a.{claims}.c", Level.WARNING), ("a.%%%.c", Level.OK), ("opaque", Level.OK)):
        found = on_server(ApiServer(HEALTHY), context, authority, token=token)
        credential = next(each for each in found if each.code == "credential")
        assert (credential.level, "jane" in credential.detail) == (level, True)
