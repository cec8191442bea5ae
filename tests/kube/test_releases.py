import asyncio
import base64
import gzip
import ssl

import pytest

from providers.kube.client import connect
from providers.kube.releases import Revision, list_revisions, read_chart
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import ApiServer, serving
from tests.kube.things import RELEASE, make_revision

SECRETS = "/api/v1/namespaces/coder/secrets"


def read(authority: Authority, context: ssl.SSLContext, *secrets: dict) -> tuple[list[Revision], tuple[str, str]]:
    """All revisions, and the chart of the newest."""
    answers = {f"{SECRETS}/{each['metadata']['name']}": (200, each) for each in secrets}
    server = ApiServer(answers | {SECRETS: (200, {"items": list(secrets)})})

    async def scenario() -> tuple[list[Revision], tuple[str, str]]:
        async with serving(server, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
            async with connect(target) as client:
                revisions = await list_revisions(client, RELEASE)
                return revisions, await read_chart(client, revisions[0])

    return asyncio.run(scenario())


def test_revisions_come_newest_first_by_number(authority: Authority, context: ssl.SSLContext) -> None:
    secrets = [make_revision(number, "superseded") for number in (2, 10, 9)]
    revisions, chart = read(authority, context, *secrets)
    assert [each.revision for each in revisions] == [10, 9, 2]
    assert revisions[0].updated is not None
    assert revisions[0].updated.year == 2026
    assert chart == ("workspace-provider", "0.1.0")


@pytest.mark.parametrize(
    "payload",
    ["", "%%%", "bm90IGJhc2U2NA==", base64.b64encode(base64.b64encode(gzip.compress(b"[1]"))).decode()],
)
def test_a_payload_that_is_not_helms_has_no_chart(authority: Authority, context: ssl.SSLContext, payload: str) -> None:
    secret = make_revision(1, "deployed") | {"data": {"release": payload}}
    assert read(authority, context, secret)[1] == ("", "")


def test_a_payload_that_grows_without_end_is_cut(authority: Authority, context: ssl.SSLContext) -> None:
    bomb = gzip.compress(b'{"chart": "' + b" " * (40 * 1024 * 1024) + b'"}')
    secret = make_revision(1, "deployed")
    secret["data"]["release"] = base64.b64encode(base64.b64encode(bomb)).decode()
    assert read(authority, context, secret)[1] == ("", "")


def test_labels_that_helm_would_not_write_are_survived(authority: Authority, context: ssl.SSLContext) -> None:
    secret = make_revision(1, "deployed")
    secret["metadata"]["labels"] |= {"version": "x", "modifiedAt": "9" * 30}
    revisions, _ = read(authority, context, secret)
    assert (revisions[0].revision, revisions[0].updated) == (0, None)
