"""Opening an environment: who may, where it leads, and what it says when it can't be done now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from environments.models import Environment, EnvironmentSession
from environments.services import delete_ended_sessions
from environments.services.sessions import MOST_TICKETS
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User
from providers.models import WorkspaceProvider
from providers.tokens import digest_of
from tests.environments.things import make_member, make_work
from tests.factories import make_environment, make_provider
from tests.people import make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
STATE = "a-state-of-32-characters-exactly"


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science")


@pytest.fixture
def environment(organization: Organization) -> Environment:
    provider = make_provider(name="sydney", last_beat_at=timezone.now())
    owner = make_member(organization, email="ada@example.com")
    return make_environment(provider, owner=owner, organization=organization, name="dev")


@pytest.fixture
def client(environment: Environment) -> Client:
    return signed_in(environment.owner)


def path_of(environment: Environment) -> str:
    return reverse("environments:environment_open", args=[environment.pk])


def open_(client: Client, environment: Environment, path: str | None = None, **more: Any) -> Any:
    """As envproxy leads a browser there."""
    query = {"state": STATE} | ({} if path is None else {"path": path})
    return client.get(path_of(environment), query, **more)


def parameters(answer: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}


PEOPLE: dict[str, tuple[Callable[[Organization], User], int]] = {
    "site admin": (lambda organization: make_user(SiteRole.ADMIN), 403),
    "site manager": (lambda organization: make_user(SiteRole.MANAGER), 403),
    "auditor": (lambda organization: make_user(SiteRole.AUDITOR), 404),
    "organization manager": (lambda organization: make_member(organization, OrganizationRole.MANAGER), 403),
    "organization member": (make_member, 404),
    "stranger": (lambda organization: make_user(), 404),
    "manager of another organization": (
        lambda organization: make_member(make_organization(), OrganizationRole.MANAGER),
        404,
    ),
}


@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_but_its_owner_opens_it(who: str, organization: Organization, environment: Environment) -> None:
    make, status = PEOPLE[who]
    person = make(organization)
    assert open_(signed_in(person), environment).status_code == status
    assert not EnvironmentSession.objects.exists()
    assert not AuditEvent.objects.filter(action="environment.open").exists()


def test_an_anonymous_person_signs_in_first_and_comes_back(client: Client, environment: Environment) -> None:
    answer = open_(Client(), environment, "a/b?c=d")
    assert urlsplit(answer["Location"]).path == reverse("organizations:sign_in")
    assert parameters(answer)["next"] == f"{path_of(environment)}?state={STATE}&path=a%2Fb%3Fc%3Dd"


def test_who_must_change_the_password_does_that_first(client: Client, environment: Environment) -> None:
    User.objects.filter(pk=environment.owner_id).update(must_change_password=True)
    assert open_(client, environment)["Location"] == reverse("organizations:password_change")


def test_it_leads_to_envproxy_with_a_ticket_of_which_only_a_digest_is_stored(
    client: Client, environment: Environment
) -> None:
    answer = open_(client, environment, "folder/x?y=1&z=%20")
    assert answer.status_code == 302
    assert answer["Location"].startswith("https://sydney.coder.example.com/proxy/sign-in?")
    assert "no-store" in answer["Cache-Control"]
    sent = parameters(answer)
    assert (sent["environment"], sent["path"]) == (str(environment.pk), "folder/x?y=1&z=%20")
    assert sent["state"] == STATE
    row = EnvironmentSession.objects.get()
    assert row.ticket_digest == digest_of(sent["ticket"])
    assert (row.user, row.environment, row.session_digest) == (environment.owner, environment, None)
    assert row.expires_at - timezone.now() <= timedelta(seconds=60)
    event = AuditEvent.objects.get(action="environment.open")
    assert (event.actor_name, event.target_id) == ("ada@example.com", str(environment.pk))
    assert sent["ticket"] not in str(AuditEvent.objects.values_list())


@pytest.mark.parametrize("path", ["", "x", "a/b/", "a?to=https://x.example//y", ".well-known/x", "%2F", "ä", "a#..//"])
def test_a_path_within_the_environment_is_kept(path: str, client: Client, environment: Environment) -> None:
    answer = open_(client, environment, path)
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).netloc == "sydney.coder.example.com"
    assert parameters(answer).get("path", "") == path


def test_a_slash_at_its_beginning_is_none_of_it(client: Client, environment: Environment) -> None:
    assert parameters(open_(client, environment, "/a/b"))["path"] == "a/b"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example", "javascript:alert(1)", "//evil.example", "///x", "/\\evil.example", "a\\b", "a//b",
        "..", "../x", "a/../../x", "a/%2e%2e/x", "a/.%2E", "./x", "a\r\nSet-Cookie: x=1", "a\x00", "a b", "\t//x",
        "a\x85", "x" * 2001,
    ],
)  # fmt: skip
def test_a_path_that_leads_out_is_refused(path: str, client: Client, environment: Environment) -> None:
    assert open_(client, environment, path).status_code == 400
    assert not EnvironmentSession.objects.exists()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("off", "dev can&#x27;t be opened: it is off. Start it, then open it."),
        ("creating", "it is creating. Wait until it is on."),
        ("failed", "it is failed. Read below why it does not run"),
        ("unknown", "it is unknown. Wait until its cluster answers again."),
    ],
)
def test_what_is_not_on_says_so_on_its_page(status: str, words: str, client: Client, environment: Environment) -> None:
    Environment.objects.update(status=status)
    answer = open_(client, environment, follow=True)
    assert answer.redirect_chain == [(reverse("environments:environment_detail", args=[environment.pk]), 302)]
    assert words in answer.text
    assert not EnvironmentSession.objects.exists()


def test_a_provider_without_envproxy_is_said_so(client: Client, environment: Environment) -> None:
    WorkspaceProvider.objects.update(last_beat_at=None)
    assert "no envproxy has called home from sydney yet" in open_(client, environment, follow=True).text
    page = client.get(reverse("environments:environment_detail", args=[environment.pk])).text
    assert "Open: no envproxy has called home from sydney yet, and it is the way in." in page


def test_without_a_question_of_envproxy_s_it_leads_to_the_environment_without_a_ticket(
    client: Client, environment: Environment
) -> None:
    """envproxy asks if it has to, and only the browser that it asked can use the ticket."""
    answer = client.get(path_of(environment), {"path": "folder/x?y=1"})
    where = f"https://sydney.coder.example.com/proxy/environments/{environment.pk}/folder/x?y=1"
    assert (answer.status_code, answer["Location"]) == (302, where)
    assert not EnvironmentSession.objects.exists()


def test_a_hostname_that_is_not_deployed_yet_leads_nowhere(client: Client, environment: Environment) -> None:
    """The browser goes where envproxy answers now."""
    deployed = {"envproxy": {"accessURL": "https://old.coder.example.com/proxy"}}
    WorkspaceProvider.objects.update(hostname="https://new.coder.example.com", deployed_values=deployed)
    for answer in (client.get(path_of(environment)), open_(client, environment)):
        assert answer["Location"].startswith("https://old.coder.example.com/proxy/")


@pytest.mark.parametrize("state", ["x", "a b" * 8, "\r\nSet-Cookie: a=1" * 2, "x" * 65])
def test_a_state_that_is_none_of_envproxy_s_is_refused(state: str, client: Client, environment: Environment) -> None:
    assert client.get(path_of(environment), {"state": state}).status_code == 400
    assert not EnvironmentSession.objects.exists()


@pytest.mark.parametrize("referer", ["https://[::1", "http://[x]/", "//"])
def test_a_referer_that_is_no_address_does_not_matter(referer: str, client: Client, environment: Environment) -> None:
    assert "ticket" in parameters(open_(client, environment, headers={"Referer": referer}))


def test_a_person_has_a_limited_number_of_tickets_at_a_time(client: Client, environment: Environment) -> None:
    for _ in range(MOST_TICKETS):
        assert "ticket" in parameters(open_(client, environment))
    assert "You opened environments 20 times" in open_(client, environment, follow=True).text
    assert EnvironmentSession.objects.count() == MOST_TICKETS
    EnvironmentSession.objects.filter(pk=EnvironmentSession.objects.latest("pk").pk).update(expires_at=timezone.now())
    assert "ticket" in parameters(open_(client, environment))


@pytest.mark.parametrize("method", ["post", "head", "put", "delete"])
def test_it_is_a_get_only(method: str, client: Client, environment: Environment) -> None:
    assert getattr(client, method)(path_of(environment)).status_code == 405
    assert not EnvironmentSession.objects.exists()


def shown_links(client: Client, environment: Environment) -> list[bool]:
    """On its own page and on the list."""
    pages = [
        reverse("environments:environment_detail", args=[environment.pk]),
        reverse("environments:environment_list"),
    ]
    return [f'href="{path_of(environment)}"' in client.get(page).text for page in pages]


def test_the_link_is_there_for_its_owner_while_it_is_on(client: Client, environment: Environment) -> None:
    assert shown_links(client, environment) == [True, True]
    Environment.objects.update(status="off")
    assert shown_links(client, environment) == [False, False]


def test_nobody_else_sees_the_link(site_manager: User, environment: Environment) -> None:
    assert shown_links(signed_in(site_manager), environment) == [False, False]


def test_the_link_comes_with_the_chip_that_says_on(client: Client, environment: Environment) -> None:
    work = make_work(environment, kind="start")
    chips = reverse("environments:environment_chips")
    assert path_of(environment) not in client.get(chips, {"ids": str(environment.pk)}).text
    work.state = "succeeded"
    work.save()
    assert f'href="{path_of(environment)}"' in client.get(chips, {"ids": str(environment.pk)}).text


def test_what_is_over_is_swept_away(client: Client, environment: Environment) -> None:
    for _ in range(2):
        open_(client, environment)
    kept = EnvironmentSession.objects.latest("pk")
    EnvironmentSession.objects.exclude(pk=kept.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert [delete_ended_sessions(), delete_ended_sessions()] == [1, 0]
    assert EnvironmentSession.objects.get() == kept
