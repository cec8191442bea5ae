import asyncio
import base64
import gzip
import json
import ssl

import pytest

from providers.kube.client import connect
from providers.kube.releases import Content, Revision, list_revisions, read_content
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import ApiServer, serving
from tests.kube.things import RELEASE, make_revision

NOTHING = Content(chart="", chart_version="", values=None)
SECRETS = "/api/v1/namespaces/coder/secrets"


def read(authority: Authority, context: ssl.SSLContext, *secrets: dict) -> tuple[list[Revision], Content]:
    """All revisions, and the content of the newest."""
    answers = {f"{SECRETS}/{each['metadata']['name']}": (200, each) for each in secrets}
    server = ApiServer(answers | {SECRETS: (200, {"items": list(secrets)})})

    async def scenario() -> tuple[list[Revision], Content]:
        async with serving(server, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
            async with connect(target) as client:
                revisions = await list_revisions(client, RELEASE)
                return revisions, await read_content(client, revisions[0])

    return asyncio.run(scenario())


def test_revisions_come_newest_first_by_number(authority: Authority, context: ssl.SSLContext) -> None:
    secrets = [make_revision(number, "superseded") for number in (2, 10, 9)]
    revisions, content = read(authority, context, *secrets)
    assert [each.revision for each in revisions] == [10, 9, 2]
    assert revisions[0].updated is not None
    assert revisions[0].updated.year == 2026
    assert (content.chart, content.chart_version) == ("workspace-provider", "0.1.0")


@pytest.mark.parametrize(
    "payload",
    ["", "%%%", "bm90IGJhc2U2NA==", base64.b64encode(base64.b64encode(gzip.compress(b"[1]"))).decode()],
)
def test_a_payload_that_is_not_helms_has_no_chart(authority: Authority, context: ssl.SSLContext, payload: str) -> None:
    secret = make_revision(1, "deployed") | {"data": {"release": payload}}
    assert read(authority, context, secret)[1] == NOTHING


def test_a_payload_that_grows_without_end_is_cut(authority: Authority, context: ssl.SSLContext) -> None:
    bomb = gzip.compress(b'{"chart": "' + b" " * (40 * 1024 * 1024) + b'"}')
    secret = make_revision(1, "deployed")
    secret["data"]["release"] = base64.b64encode(base64.b64encode(bomb)).decode()
    assert read(authority, context, secret)[1] == NOTHING


def test_labels_that_helm_would_not_write_are_survived(authority: Authority, context: ssl.SSLContext) -> None:
    secret = make_revision(1, "deployed")
    secret["metadata"]["labels"] |= {"version": "x", "modifiedAt": "9" * 30}
    revisions, _ = read(authority, context, secret)
    assert (revisions[0].revision, revisions[0].updated) == (0, None)


def values_of(authority: Authority, context: ssl.SSLContext, config: object) -> object:
    return read(authority, context, make_revision(1, "deployed", config=config))[1].values


def test_values_come_without_what_names_a_secret(authority: Authority, context: ssl.SSLContext) -> None:
    config = {
        "cemanager": {"accessURL": "https://coder.example.com"},
        "envproxy": {"token": "cap_canary", "existingSecret": "mine", "replicas": 2},
        "ingress": {"additionalAnnotations": {"auth/basic-password": "canary", "other": "kept"}},
        "certs": {"secret": {"name": "canary"}},
        "imagePullSecrets": [{"name": "registry", "Token": "canary"}],
    }
    assert values_of(authority, context, config) == {
        "cemanager": {"accessURL": "https://coder.example.com"},
        "envproxy": {"existingSecret": "mine", "replicas": 2},
        "ingress": {"additionalAnnotations": {"other": "kept"}},
        "certs": {},
        "imagePullSecrets": [{"name": "registry"}],
    }


@pytest.mark.parametrize("config", [None, {}])
def test_a_release_without_values_of_its_own_has_none(
    authority: Authority, context: ssl.SSLContext, config: object
) -> None:
    assert values_of(authority, context, config) == {}


@pytest.mark.parametrize("config", ["text", [1], {"image": "x" * 2000, "many": ["y" * 1000] * 100}])
def test_what_are_no_values_or_too_many_is_not_read(
    authority: Authority, context: ssl.SSLContext, config: object
) -> None:
    assert values_of(authority, context, config) is None


def test_values_hold_nothing_that_a_database_refuses(authority: Authority, context: ssl.SSLContext) -> None:
    deep: object = "x"
    for _ in range(200):
        deep = {"deeper": deep}
    config = {"a\x00b": "c\x00\ud800", "infinite": float("inf"), "deep": deep}
    text = json.dumps(values_of(authority, context, config), allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text
    assert text.encode()
