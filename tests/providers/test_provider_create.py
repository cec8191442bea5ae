"""Registering a provider by the form."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from providers.choices import CredentialKind, OperationKind
from providers.models import ClusterCredential, Operation, WorkspaceProvider
from tests.factories import make_provider
from tests.people import signed_in
from tests.providers.kubeconfigs import PASTED_TOKEN, kubeconfig

TYPED_TOKEN = "typed-token-that-no-page-may-show"

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture(autouse=True)
def deployment(settings: Any) -> None:
    settings.ACCESS_URL = "https://coder.example.com"


def send(client: Client, **fields: str) -> Any:
    form = {"way": "kubeconfig", "name": "sydney", "envproxy_replicas": "1", "ssh_enabled": "on"} | fields
    return client.post(reverse("providers:provider_create"), form)


def by_fields(client: Client, **fields: str) -> Any:
    typed = {
        "way": "fields",
        "cluster_address": "https://203.0.113.7:6443",
        "namespace": "coder",
        "token": TYPED_TOKEN,
    }
    return send(client, **typed | fields)


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


def test_a_kubeconfig_of_one_context_is_all_it_takes(client: Client) -> None:
    response = send(client, kubeconfig=kubeconfig("staging"))
    provider = WorkspaceProvider.objects.get()
    assert response.url == reverse("providers:provider_detail", args=[provider.pk])
    assert provider.name == "sydney"
    assert provider.hostname == "https://sydney.coder.example.com"
    assert provider.devurl_host == "*.sydney.coder.example.com"
    assert provider.cluster_address == "https://staging.k8s.example.com:6443"
    assert provider.namespace == "coder-staging"
    assert provider.credential_kind == CredentialKind.KUBECONFIG
    assert provider.credential.target().token == PASTED_TOKEN


def test_the_preflight_is_asked_for_at_once(client: Client, site_manager: User) -> None:
    send(client, kubeconfig=kubeconfig())
    operation = Operation.objects.get()
    assert (operation.kind, operation.requested_by) == (OperationKind.PREFLIGHT, site_manager)


def test_a_typed_namespace_wins_over_the_one_of_the_context(client: Client) -> None:
    send(client, kubeconfig=kubeconfig(), namespace="elsewhere")
    assert WorkspaceProvider.objects.get().namespace == "elsewhere"


def test_several_contexts_are_asked_about_and_the_kubeconfig_is_kept_sealed(client: Client) -> None:
    response = send(client, kubeconfig=kubeconfig("staging", "production", current="production"))
    assert "context" in errors_of(response)
    page = response.content.decode()
    assert PASTED_TOKEN not in page
    assert '<input type="radio" name="context" value="production" id="id_context_1" checked' in page.replace(
        ' aria-invalid="true"', ""
    ).replace(' aria-describedby="id_context_error"', "")
    sealed = response.context["form"]["sealed_kubeconfig"].value()
    send(client, sealed_kubeconfig=sealed, context="staging")
    provider = WorkspaceProvider.objects.get()
    assert provider.namespace == "coder-staging"
    assert provider.credential.target().token == PASTED_TOKEN


def test_a_sealed_kubeconfig_of_somebody_else_is_refused(client: Client, site_admin: User) -> None:
    response = send(client, kubeconfig=kubeconfig("staging", "production"))
    sealed = response.context["form"]["sealed_kubeconfig"].value()
    response = send(signed_in(site_admin), sealed_kubeconfig=sealed, context="staging")
    assert "Paste it again" in errors_of(response)["kubeconfig"][0]
    assert sealed not in response.content.decode()


@pytest.mark.parametrize("sealed", ["x", "gAAAAABm", "🙂"])
def test_a_sealed_kubeconfig_that_was_tampered_with_is_refused(client: Client, sealed: str) -> None:
    assert "kubeconfig" in errors_of(send(client, sealed_kubeconfig=sealed))


def test_an_error_elsewhere_keeps_the_kubeconfig_sealed(client: Client) -> None:
    response = send(client, kubeconfig=kubeconfig(), name="Not a label")
    assert list(errors_of(response)) == ["name"]
    assert PASTED_TOKEN not in response.content.decode()
    send(client, sealed_kubeconfig=response.context["form"]["sealed_kubeconfig"].value())
    assert WorkspaceProvider.objects.get().credential.target().token == PASTED_TOKEN


@pytest.mark.parametrize(
    ("pasted", "named"),
    [
        (kubeconfig(user={"exec": {"command": "steal"}}), "exec"),
        (kubeconfig(user={"auth-provider": {"name": "gcp"}}), "auth-provider"),
        (kubeconfig(user={"tokenFile": "/etc/shadow"}), "tokenFile"),
        (kubeconfig(user={"client-key": "/root/key"}), "client-key"),
        (kubeconfig(**{"certificate-authority": "/etc/passwd"}), "certificate-authority"),
        (kubeconfig(**{"proxy-url": "http://evil.example.com"}), "proxy-url"),
        (kubeconfig(**{"insecure-skip-tls-verify": True}), "insecure-skip-tls-verify"),
        (kubeconfig(server="http://203.0.113.7"), "https://"),
        ("a: &a [*a, *a]", "aliases"),
        ("[" * 50 + "]" * 50, "nested"),
        ("x" * 300_000, "KiB"),
        ("", "Paste the kubeconfig"),
        ("hello", "not a kubeconfig"),
    ],
)
def test_a_hostile_kubeconfig_is_refused_by_name(client: Client, pasted: str, named: str) -> None:
    response = send(client, kubeconfig=pasted)
    assert named in errors_of(response)["kubeconfig"][0]
    assert PASTED_TOKEN not in response.content.decode()
    assert not WorkspaceProvider.objects.exists()


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("https://10.0.0.0/8", "This is a network range."),
        (f"https://k8s.example.com/{'x' * 300}", "at most 300 characters"),
    ],
)
def test_an_error_about_the_server_of_a_kubeconfig_stands_at_the_kubeconfig(
    client: Client, server: str, said: str
) -> None:
    """The field for another kubeconfig is open, so that the error at it is seen."""
    response = send(client, kubeconfig=kubeconfig(server=server))
    assert list(errors_of(response)) == ["kubeconfig"]
    page = response.content.decode()
    assert said in page.partition("<details open><summary>Paste another kubeconfig")[2]
    assert not WorkspaceProvider.objects.exists()


def test_the_credential_can_be_typed(client: Client) -> None:
    by_fields(client)
    provider = WorkspaceProvider.objects.get()
    assert provider.credential_kind == CredentialKind.FIELDS
    assert provider.credential.target().token == TYPED_TOKEN
    assert Operation.objects.count() == 1


def test_whoever_runs_helm_gets_the_command_and_no_preflight(client: Client) -> None:
    response = by_fields(client, way="enrolment", token="")
    provider = WorkspaceProvider.objects.get()
    assert response.url == reverse("providers:provider_command", args=[provider.pk])
    assert provider.credential_kind == CredentialKind.ENROLMENT
    assert not ClusterCredential.objects.exists()
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "-sydney"),
        ("name", "Sydney"),
        ("name", "x" * 64),
        ("name", "a\x00b"),
        ("hostname", "https://sydney.example.org"),
        ("hostname", "http://sydney.coder.example.com"),
        ("hostname", "https://coder.example.com"),
        ("cluster_address", ""),
        ("cluster_address", "http://203.0.113.7"),
        ("cluster_address", "10.0.0.0/16"),
        ("cluster_address", "https://user:pw@203.0.113.7"),
        ("cluster_address", "https://203.0.113.7:99999"),
        ("namespace", ""),
        ("namespace", "Coder"),
        ("token", ""),
        ("token", "two words"),
        ("ca_pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        ("devurl_host", "sydney.coder.example.com"),
        ("storage_class", "no spaces"),
        ("envproxy_image", "$(rm -rf)"),
        ("envproxy_replicas", "0"),
        ("envproxy_replicas", "many"),
        ("way", "magic"),
    ],
)
def test_a_wrong_value_is_said_at_its_field_and_nothing_else_is_lost(client: Client, field: str, value: str) -> None:
    response = by_fields(client, **{field: value})
    assert field in errors_of(response)
    page = response.content.decode()
    assert "Nothing was saved yet" in page
    assert TYPED_TOKEN not in page
    if field != "cluster_address":
        assert "https://203.0.113.7:6443" in page
    assert not WorkspaceProvider.objects.exists()


def test_a_form_that_comes_back_says_that_the_token_is_needed_again(client: Client) -> None:
    assert "enter it again" in by_fields(client, name="").content.decode()
    assert "enter it again" not in by_fields(client, name="", token="").content.decode()


def test_a_taken_name_is_said_at_the_name(client: Client) -> None:
    make_provider(name="sydney")
    assert errors_of(by_fields(client)) == {"name": ["Another provider has this name."]}


def test_a_taken_namespace_is_said_at_the_namespace(client: Client) -> None:
    make_provider(cluster_address="https://203.0.113.7:6443", namespace="coder")
    assert "namespace" in errors_of(by_fields(client))


def test_sending_the_form_twice_makes_one_provider_and_says_so(client: Client) -> None:
    by_fields(client)
    response = by_fields(client)
    assert "name" in errors_of(response)
    assert WorkspaceProvider.objects.count() == 1
    assert AuditEvent.objects.filter(action="provider.register").count() == 1


def test_the_audit_row_names_the_person_and_holds_no_secret(client: Client, site_manager: User) -> None:
    send(client, kubeconfig=kubeconfig())
    event = AuditEvent.objects.get(action="provider.register")
    assert (event.actor_name, event.target_name) == (site_manager.email, "sydney")
    assert PASTED_TOKEN not in str(event.after)


def test_no_page_of_the_form_may_be_stored(client: Client) -> None:
    assert "no-store" in client.get(reverse("providers:provider_create"))["Cache-Control"]
