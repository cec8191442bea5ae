"""C6 and C10: `--follow` and watch-build, against the real web program."""

from collections.abc import Iterator
from typing import Any

import pytest

from audit.services import Actor
from environments.choices import EnvironmentOperationKind
from environments.models import Environment, EnvironmentOperation
from organizations.models import ApiToken, User
from organizations.services import deactivate_user
from providers.choices import LineLevel, OperationState
from tests.embedded.test_run import wait_until
from tests.people import add_member
from tests.wire.conftest import Web, client_of
from tests.wire.follower import CoderError, Follower
from tests.wire.original import Original
from tests.wire.things import make_known_environment

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environment() -> Environment:
    environment = make_known_environment()
    add_member(environment.organization, environment.owner)
    return environment


@pytest.fixture
def client(web: Web, environment: Environment) -> Original:
    return client_of(web.url, environment.owner)


@pytest.fixture
def follow(client: Original, environment: Environment) -> Iterator[Any]:
    followers = []

    def follow(family: str = "environments", token: str = "") -> Follower:
        path = f"/api/private/{family}/{environment.pk}/watch-update"
        followers.append(Follower(client.url, token or client.token, path))
        return followers[-1]

    yield follow
    for follower in followers:
        follower.close()


def make_build(environment: Environment, *lines: str, **fields: Any) -> EnvironmentOperation:
    defaults = {"kind": EnvironmentOperationKind.REBUILD, "state": OperationState.RUNNING, "requested_by_name": "ada"}
    build = EnvironmentOperation.objects.create(environment=environment, **defaults | fields)
    for line in lines:
        build.lines.create(text=line)
    return build


def end(build: EnvironmentOperation, state: OperationState, text: str = "") -> None:
    if text:
        build.lines.create(level=LineLevel.ERROR, text=text)
    EnvironmentOperation.objects.filter(pk=build.pk).update(state=state)


@pytest.mark.parametrize("family", ["environments", "workspaces"])
def test_a_build_that_has_ended_is_told_from_its_start(family: str, follow: Any, environment: Environment) -> None:
    make_build(environment, "older", state=OperationState.FAILED)
    build = make_build(environment, "Made the volume.", "It is on.", state=OperationState.SUCCEEDED)
    messages = list(follow(family).messages())
    assert [(each["type"], each["msg"]) for each in messages] == [
        ("start", "Rebuild"),
        ("stage", "Made the volume."),
        ("stage", "It is on."),
        ("done", ""),
    ]
    assert {(each["build_id"], each["environment_id"], each["workspace_id"]) for each in messages} == {
        (str(build.pk), str(environment.pk), str(environment.pk))
    }


def test_a_build_is_followed_while_it_goes_on(follow: Any, environment: Environment) -> None:
    build = make_build(environment, "Made the volume.", state=OperationState.QUEUED)
    messages = follow().messages()
    assert [next(messages)["type"], next(messages)["msg"]] == ["start", "Made the volume."]
    build.lines.create(text="Waiting for the pod.")
    assert next(messages)["msg"] == "Waiting for the pod."
    end(build, OperationState.FAILED, "The image can't be pulled.")
    assert [(each["type"], each["msg"]) for each in messages] == [("error", "The image can't be pulled."), ("done", "")]


def test_an_environment_without_a_build_is_done(follow: Any, environment: Environment) -> None:
    make_build(environment, "stopping", kind=EnvironmentOperationKind.STOP)
    assert [each["type"] for each in follow().messages()] == ["done"]


def test_the_create_command_follows_its_own_build(follow: Any, client: Original, environment: Environment) -> None:
    Environment.objects.update(status="off")
    client.rebuild(environment.name)
    messages = follow().messages()
    assert next(messages)["msg"] == "Start"
    end(environment.operations.get(), OperationState.CANCELLED)
    assert [each["type"] for each in messages] == ["done"]


def test_a_build_whose_environment_is_deleted_meanwhile_is_done(follow: Any, environment: Environment) -> None:
    make_build(environment, "Made the volume.")
    messages = follow().messages()
    next(messages), next(messages)
    environment.delete()
    assert [each["type"] for each in messages][-1] == "done"


def test_a_line_is_never_longer_than_the_client_reads(follow: Any, environment: Environment) -> None:
    make_build(environment, "\x7f" * 100_000, "ü" * 100_000, state=OperationState.SUCCEEDED)
    assert len(list(follow().messages())) == 4


def test_the_handshake_accepts_what_the_client_offers_and_nothing_else(follow: Any) -> None:
    [deflate] = follow().accepted.extensions
    assert deflate.client_no_context_takeover
    assert deflate.server_no_context_takeover


def test_strangers_and_nobody_do_not_follow(follow: Any, client: Original, member: User) -> None:
    with pytest.raises(CoderError, match="404: There is nothing here"):
        follow(token=client_of(client.url, member).token)
    with pytest.raises(CoderError, match="401: This token is unknown"):
        follow(token="cat_wrong")


@pytest.mark.parametrize("how", ["token", "person"])
def test_who_may_not_see_it_any_more_reads_no_further(
    how: str, follow: Any, environment: Environment, site_manager: User
) -> None:
    build = make_build(environment, "Made the volume.")
    messages = follow().messages()
    next(messages), next(messages)
    if how == "token":
        ApiToken.objects.all().delete()
    else:
        deactivate_user(actor=Actor(user=site_manager), user=environment.owner)
    assert next(messages)["type"] == "error"
    build.lines.create(text="secret")
    assert [each["type"] for each in messages] == ["done"]


def test_many_who_follow_hold_up_nobody(follow: Any, client: Original, environment: Environment) -> None:
    """The web program of the tests has two threads."""
    build = make_build(environment, "Made the volume.")
    following = [follow().messages() for _ in range(12)]
    for messages in following:
        assert next(messages)["type"] == "start"
    for _ in range(5):
        assert client.me()
    end(build, OperationState.SUCCEEDED)
    for messages in following:
        assert [each["type"] for each in messages][-1] == "done"


def test_who_goes_away_leaves_nothing_behind(follow: Any, web: Web, environment: Environment) -> None:
    """Also while the build says nothing."""
    make_build(environment)
    followers = [follow() for _ in range(4)]
    for follower in followers:
        next(follower.messages())
    busy = web.threads()
    for follower in followers:
        follower.close()
    wait_until(lambda: web.threads() <= busy - 8, 15)  # each follower takes two
    assert web.threads() <= busy - 8


def test_a_plain_request_is_told_that_it_is_a_websocket(client: Original, environment: Environment) -> None:
    path = f"/api/private/environments/{environment.pk}/watch-update"
    for wrong in HANDSHAKE:
        client.headers = {name: value for name, value in HANDSHAKE.items() if name != wrong}
        with pytest.raises(CoderError, match="426: This is a websocket"):
            client.call("GET", path)
    client.headers = HANDSHAKE
    assert client.send("HEAD", path).status == 426


def test_a_web_program_that_has_no_websockets_says_so(live_server: Any, environment: Environment) -> None:
    client = client_of(live_server.url, environment.owner, headers=HANDSHAKE)
    with pytest.raises(CoderError, match="501: This server has no websockets"):
        client.call("GET", f"/api/private/environments/{environment.pk}/watch-update")
