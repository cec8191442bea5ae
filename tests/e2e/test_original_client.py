"""C10 as a story: the original client and the whole program, from signing in to removing what was made."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clusters import eventually
from tests.e2e.conftest import PASSWORD, Deployment
from tests.wire.follower import Follower
from tests.wire.original import Original

ADMIN, IMAGE = "admin@example.com", "codercom/enterprise-base"


@pytest.fixture
def client(deployment: Deployment) -> Original:
    client = Original(deployment.url)
    client.log_in_with_password(ADMIN, PASSWORD)
    return client


def join(client: Original, organization: str) -> None:
    """The original client can't: this is for the web pages and our own API."""
    [pk] = [each["id"] for each in client.organizations() if each["name"] == organization]
    path = f"{client.url}/api/v1/organizations/{pk}/members"
    body = {"email": ADMIN, "role": "organization-member"}
    httpx.post(path, json=body, headers={"Authorization": f"Bearer {client.token}"}).raise_for_status()


def follow(client: Original, environment: Any) -> Iterator[tuple[str, str]]:
    path = f"/api/private/{client.family}/{environment['id']}/watch-update"
    follower = Follower(client.url, client.token, path)
    for message in follower.messages():
        yield message["type"], message["msg"]
    follower.close()


def status(client: Original) -> str:
    return str(client.environment("dev")["latest_stat"]["container_status"])


def test_the_life_of_an_environment_as_the_original_client_leads_it(client: Original) -> None:
    join(client, "Coder")
    assert eventually(lambda: client.default_provider()["status"] == "ready", 60)
    for client.family in ("environments", "workspaces"):
        made = client.create_environment("dev", image=IMAGE, tag="ubuntu")
        log = list(follow(client, made))
        assert (log[0], log[-2], log[-1]) == (("start", "Create"), ("stage", "dev is on."), ("done", ""))
        assert status(client) == "ON"
        client.stop("dev")
        assert eventually(lambda: status(client) == "OFF")
        client.rebuild("dev")
        assert list(follow(client, made))[-1][0] == "done"
        assert eventually(lambda: status(client) == "ON")
        client.rebuild("dev", cpu_cores=0.5)
        assert list(follow(client, made))[-1][0] == "done"
        assert client.environment("dev")["cpu_cores"] == 0.5
        client.remove("dev")
        assert eventually(lambda: client.environments() == [])


def test_a_provider_comes_and_goes(client: Original) -> None:
    hostname = client.url.replace("://", "://tokyo.")
    client.create_provider("tokyo", hostname=hostname, cluster_address="https://203.0.113.9:6443")
    client.cordon("tokyo", "not yet")
    client.uncordon("tokyo")
    client.rename_provider("tokyo", "osaka")
    client.remove_provider("osaka")
    assert eventually(lambda: "osaka" not in {provider["name"] for provider in client.providers()})
