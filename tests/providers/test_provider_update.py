"""Editing a provider by the form."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from providers.choices import CredentialKind
from providers.models import EnvproxyToken, WorkspaceProvider
from tests.factories import CLUSTER_TOKEN, make_built_in, make_environment, make_provider
from tests.people import signed_in
from tests.providers.kubeconfigs import PASTED_TOKEN, kubeconfig

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture(autouse=True)
def deployment(settings: Any) -> None:
    settings.ACCESS_URL = "https://coder.example.com"


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_provider(name="sydney")


def edit(client: Client, provider: WorkspaceProvider, **changes: str) -> Any:
    """Open the form, change some fields, and send it as a browser does."""
    path = reverse("providers:provider_update", args=[provider.pk])
    form = client.get(path).context["form"]
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    return client.post(path, {name: str(value) for name, value in sent.items()} | changes)


def test_the_form_shows_the_present_values_and_says_that_a_credential_is_set(
    client: Client, provider: WorkspaceProvider
) -> None:
    page = client.get(reverse("providers:provider_update", args=[provider.pk])).content.decode()
    assert 'value="https://sydney.coder.example.com"' in page
    assert "A credential is set" in page
    assert CLUSTER_TOKEN not in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "melbourne"),
        ("hostname", "https://mel.coder.example.com"),
        ("devurl_host", "*.dev.example.com"),
        ("namespace", "elsewhere"),
        ("storage_class", "fast.ssd"),
        ("envproxy_image", "registry.example.com:5000/envproxy@sha256:00"),
        ("envproxy_replicas", 3),
    ],
)
def test_each_field_is_saved(client: Client, provider: WorkspaceProvider, field: str, value: Any) -> None:
    response = edit(client, provider, **{field: str(value)})
    assert response.url == reverse("providers:provider_detail", args=[provider.pk])
    provider.refresh_from_db()
    assert getattr(provider, field) == value


def test_ssh_can_be_switched_off(client: Client, provider: WorkspaceProvider) -> None:
    path = reverse("providers:provider_update", args=[provider.pk])
    fields = {
        name: getattr(provider, name) for name in ("name", "hostname", "cluster_address", "namespace", "revision")
    }
    client.post(path, fields | {"way": "keep", "envproxy_replicas": "1"})
    provider.refresh_from_db()
    assert provider.ssh_enabled is False


def test_sending_it_unchanged_writes_nothing(client: Client, provider: WorkspaceProvider) -> None:
    edit(client, provider)
    provider.refresh_from_db()
    assert provider.revision == 1
    assert not AuditEvent.objects.filter(action="provider.update").exists()


def test_renaming_keeps_the_id_and_the_credential(client: Client, provider: WorkspaceProvider) -> None:
    edit(client, provider, name="melbourne")
    renamed = WorkspaceProvider.objects.get(name="melbourne")
    assert renamed.pk == provider.pk
    assert renamed.credential.target().token == CLUSTER_TOKEN


def test_renaming_leaves_environments_tokens_and_other_providers_as_they_are(
    client: Client, provider: WorkspaceProvider
) -> None:
    other, environment = make_provider(name="tokyo"), make_environment(provider)
    token = EnvproxyToken.objects.create(provider=provider, digest="of a token")
    edit(client, provider, name="melbourne")
    assert set(WorkspaceProvider.objects.values_list("pk", "name")) == {(provider.pk, "melbourne"), (other.pk, "tokyo")}
    for row in (environment, token):
        row.refresh_from_db()
        assert row.provider_id == provider.pk
    assert environment.organization.allowlist.get().provider_id == provider.pk


def test_the_devurl_host_follows_the_hostname_while_it_is_the_derived_one(
    client: Client, provider: WorkspaceProvider
) -> None:
    edit(client, provider, hostname="https://mel.coder.example.com")
    provider.refresh_from_db()
    assert provider.devurl_host == "*.mel.coder.example.com"


def test_a_hostname_from_before_an_access_url_change_stays_valid(
    client: Client, provider: WorkspaceProvider, settings: Any
) -> None:
    settings.ACCESS_URL = "https://new.example.org"
    assert edit(client, provider, envproxy_replicas="2").status_code == 302


def test_another_credential_replaces_the_stored_one(client: Client, provider: WorkspaceProvider) -> None:
    edit(client, provider, way="kubeconfig", kubeconfig=kubeconfig("staging"))
    provider = WorkspaceProvider.objects.get()
    assert provider.credential.target().token == PASTED_TOKEN
    assert provider.credential_kind == CredentialKind.KUBECONFIG
    assert provider.cluster_address == "https://staging.k8s.example.com:6443"
    event = AuditEvent.objects.get(action="provider.update")
    assert event.after["credential"] == "******"
    assert PASTED_TOKEN not in str(event.after)


def test_a_stored_credential_is_never_sent_to_another_address(client: Client, provider: WorkspaceProvider) -> None:
    response = edit(client, provider, cluster_address="https://evil.example.com")
    assert response.status_code == 200
    assert "cluster_address" in response.context["form"].errors
    provider.refresh_from_db()
    assert provider.cluster_address.startswith("https://203.0.113.7")


def test_the_second_of_two_people_sees_the_present_values_and_what_was_typed(
    client: Client, provider: WorkspaceProvider
) -> None:
    path = reverse("providers:provider_update", args=[provider.pk])
    stale = client.get(path).context["form"]["revision"].value()
    edit(client, provider, storage_class="slow")
    response = edit(client, provider, revision=str(stale), storage_class="fast")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Somebody changed sydney" in page
    assert 'name="storage_class" value="slow"' in page
    assert "<dd>fast</dd>" in page
    provider.refresh_from_db()
    assert provider.storage_class == "slow"


def test_a_name_of_another_provider_is_refused_at_the_name(client: Client, provider: WorkspaceProvider) -> None:
    make_provider(name="tokyo")
    response = edit(client, provider, name="tokyo")
    assert response.context["form"].errors == {"name": ["Another provider has this name."]}


def test_the_place_of_the_built_in_provider_can_not_be_changed(client: Client) -> None:
    provider = make_built_in()
    response = edit(
        client,
        provider,
        name="home",
        cluster_address="https://evil.example.com",
        namespace="evil",
        way="fields",
        token="t",
    )
    assert response.status_code == 302
    changed = WorkspaceProvider.objects.get()
    assert changed.name == "home"
    assert (changed.cluster_address, changed.namespace) == (provider.cluster_address, provider.namespace)
    assert changed.hostname == provider.hostname


def test_hostile_texts_are_shown_as_text(client: Client, provider: WorkspaceProvider) -> None:
    page = edit(client, provider, name="<script>alert(1)</script>").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
