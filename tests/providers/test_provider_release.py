"""What the pages say about a release that is not as the settings want it."""

from copy import deepcopy

import pytest
from django.test import Client
from django.urls import reverse

from organizations.models import User
from providers.choices import AccessURLState, CredentialKind
from providers.models import AccessURL, WorkspaceProvider
from providers.services.values import release_values
from tests.factories import make_operation, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db

TOKEN = "cap_canary-that-no-page-may-show"


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def deployed(**fields: object) -> WorkspaceProvider:
    """A provider whose release is as its settings are."""
    provider = make_provider(name="sydney", **fields)
    values = release_values(provider, token=TOKEN)
    del values["envproxy"]["token"]
    provider.release_values, provider.release_values_revision = values, 3
    if provider.credential_kind != CredentialKind.ENROLMENT:
        provider.deployed_values, provider.deployed_revision = deepcopy(values), 3
    provider.save()
    return provider


def page_of(client: Client, provider: WorkspaceProvider, view: str = "provider_detail") -> str:
    return client.get(reverse(f"providers:{view}", args=[provider.pk])).content.decode()


def catch_up(provider: WorkspaceProvider, view: str) -> str:
    return f'<p class="catch-up"><a class="btn" href="{reverse(f"providers:{view}", args=[provider.pk])}"'


def switch(old: str, new: str) -> None:
    AccessURL.objects.create(url=old, state=AccessURLState.ACCEPTED)
    AccessURL.objects.create(url=new, state=AccessURLState.CURRENT)


def test_a_release_that_is_as_the_settings_are_is_not_mentioned(client: Client) -> None:
    provider = deployed()
    page = page_of(client, provider)
    assert "Changes not deployed yet" not in page
    assert "Changed by hand" not in page
    assert "The values of the release stay as they are" in page_of(client, provider, "provider_deploy")


def test_settings_that_were_edited_are_shown_with_the_way_to_the_cluster(client: Client) -> None:
    provider = deployed()
    WorkspaceProvider.objects.update(envproxy_replicas=3)
    page = page_of(client, provider)
    assert ">changes not deployed<" in page
    assert "<code>envproxy.<wbr>replicas</code></th><td>1</td><td>3</td>" in page
    assert "A redeploy brings them to the cluster." in page
    assert catch_up(provider, "provider_deploy") in page
    assert "<code>envproxy.<wbr>replicas</code></th><td>1</td><td>3</td>" in page_of(
        client, provider, "provider_deploy"
    )


def test_a_changed_access_url_is_a_change_that_is_not_deployed_and_one_mark_says_so(client: Client) -> None:
    provider = deployed(last_beat_access_url="https://old.example.com")
    switch("https://old.example.com", "https://new.example.com")
    page = page_of(client, provider)
    assert "<td>https://new.example.com</td>" in page
    assert ">uses the old access URL<" in page
    assert ">changes not deployed<" not in page


def test_while_a_deploy_is_under_way_nobody_is_sent_to_another(client: Client) -> None:
    provider = deployed()
    WorkspaceProvider.objects.update(envproxy_replicas=3)
    make_operation(provider, state="running")
    page = page_of(client, provider)
    assert "The deploy that is under way brings them to the cluster." in page
    assert "catch-up" not in page


def test_a_change_by_hand_is_shown_with_its_revision(client: Client) -> None:
    provider = deployed()
    provider.release_values["ssh"] = {"enable": False}
    provider.release_values_revision = 4
    provider.save()
    page = page_of(client, provider)
    assert "Revision 4 of the release was not written by us; we deployed revision 3." in page
    assert "A redeploy puts our values back." in page
    assert "<code>ssh.<wbr>enable</code></th><td>false</td><td>true</td>" in page
    assert "Changes not deployed yet" not in page


def test_with_an_own_helm_the_command_is_the_next_step(client: Client) -> None:
    provider = deployed(credential_kind=CredentialKind.ENROLMENT)
    WorkspaceProvider.objects.update(ssh_enabled=False)
    page = page_of(client, provider)
    assert "Your own Helm brings them to the cluster" in page
    assert catch_up(provider, "provider_command") in page


def test_the_deploy_page_says_what_of_an_own_helm_is_dropped(client: Client) -> None:
    provider = deployed()
    provider.release_values["serviceAnnotations"] = {"team": "blue"}
    provider.save()
    assert "Changes not deployed yet" not in page_of(client, provider)
    page = page_of(client, provider, "provider_deploy")
    assert "it goes back to the chart's default" in page
    assert "<code>serviceAnnotations.<wbr>team</code>" in page


def test_a_reader_sees_the_difference_but_no_button(auditor: User) -> None:
    provider = deployed()
    WorkspaceProvider.objects.update(envproxy_replicas=3)
    page = page_of(signed_in(auditor), provider)
    assert "Changes not deployed yet" in page
    assert "catch-up" not in page


def test_values_from_a_cluster_are_shown_as_text(client: Client) -> None:
    provider = deployed()
    provider.release_values["cemanager"] = {"accessURL": "<script>alert(1)</script>"}
    provider.save()
    page = page_of(client, provider)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_provider_on_an_old_access_url_is_marked_while_that_is_accepted(client: Client) -> None:
    provider = make_provider(last_beat_access_url="https://old.example.com")
    assert "uses the old access URL" not in page_of(client, provider)
    switch("https://old.example.com", "https://coder.example.com")
    assert ">uses the old access URL<" in page_of(client, provider)
    AccessURL.objects.filter(state=AccessURLState.ACCEPTED).update(state=AccessURLState.RETIRED)
    assert "uses the old access URL" not in page_of(client, provider)


@pytest.mark.parametrize(
    ("kind", "label"), [(CredentialKind.KUBECONFIG, "Redeploy"), (CredentialKind.ENROLMENT, "Helm command")]
)
def test_whoever_calls_an_address_that_is_no_longer_ours_is_led_to_the_cure(
    client: Client, kind: CredentialKind, label: str
) -> None:
    provider = make_provider(status="error", reason="access_url_outdated", credential_kind=kind)
    page = page_of(client, provider)
    assert f'<a class="btn main" href="{cure(provider, label)}">{label}</a>' in page
    assert page.count(">Check now</button>") == 1


def cure(provider: WorkspaceProvider, label: str) -> str:
    view = "provider_deploy" if label == "Redeploy" else "provider_command"
    return reverse(f"providers:{view}", args=[provider.pk])


def test_an_open_page_notices_that_the_release_changed(client: Client) -> None:
    provider = deployed()
    chips = reverse("providers:provider_chips")
    query = {"ids": str(provider.pk)}
    shown = client.get(chips, query).context
    query["state"], headers = shown["state"], {"If-None-Match": f'"{shown["mark"]}"'}
    assert client.get(chips, query, headers=headers).status_code == 304
    WorkspaceProvider.objects.update(envproxy_replicas=3)
    answer = client.get(chips, query, headers=headers)
    assert f"provider-changed-{provider.pk}" in answer["HX-Trigger"]
    assert ">changes not deployed<" in answer.content.decode()
