"""Where environments may run: Kubernetes' types on the provider's form, with the error at its place."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from organizations.models import User
from providers.kube.evidence import Evidence
from providers.models import WorkspaceProvider
from providers.scheduling import problems_of
from providers.services.checking import store_evidence
from tests.factories import make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db

TOLERATIONS = [{"key": "dedicated", "operator": "Equal", "value": "coder", "effect": "NoSchedule"}]
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}]}]
        }
    }
}
VALUES = {
    "tolerations": TOLERATIONS,
    "node_selector": {"disktype": "ssd", "topology.kubernetes.io/zone": "a"},
    "affinity": AFFINITY,
    "service_account_annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/cödér"},
}
EMPTY = {"tolerations": [], "node_selector": {}, "affinity": {}, "service_account_annotations": {}}


@pytest.fixture
def client(site_manager: User, settings: Any) -> Client:
    settings.ACCESS_URL = "https://coder.example.com"
    return signed_in(site_manager)


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_provider(name="sydney")


def edit(client: Client, provider: WorkspaceProvider, **changes: str) -> Any:
    path = reverse("providers:provider_update", args=[provider.pk])
    form = client.get(path).context["form"]
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    return client.post(path, {name: str(value) for name, value in sent.items()} | changes)


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def node_affinity(**term: object) -> dict[str, object]:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("affinity", node_affinity(matchExpressions=[{"key": "gpu", "operator": "Gt", "values": ["1"]}]), ""),
        ("affinity", node_affinity(matchExpressions=[{"key": "gpu", "operator": "Gt", "values": ["a"]}]), "one whole"),
        ("affinity", node_affinity(matchExpressions=[{"key": "gpu", "operator": "Lt"}]), "one whole number"),
        ("affinity", node_affinity(matchFields=[{"key": "metadata.name", "operator": "In", "values": ["n"]}]), ""),
        ("affinity", node_affinity(matchFields=[{"key": "foo", "operator": "In", "values": ["n"]}]), "metadata.name"),
        ("affinity", {"podAffinity": {REQUIRED: [{"topologyKey": "zone", "namespaces": ["No Name!"]}]}}, "namespaces"),
        ("node_selector", {"example.com/pool": "gpu"}, ""),
        ("node_selector", {"a..b/pool": "gpu"}, "no valid key"),
        ("tolerations", [{"key": "a", "effect": ""}], ""),
    ],
)
def test_what_kubernetes_refuses_is_refused_before(field: str, value: object, problem: str) -> None:
    found = " ".join(problems_of(field, value))
    assert problem in found
    assert bool(found) == bool(problem)


@pytest.mark.parametrize("field", VALUES)
def test_each_field_is_saved_shown_again_and_saved_unchanged(
    client: Client, provider: WorkspaceProvider, field: str
) -> None:
    assert edit(client, provider, **{field: json.dumps(VALUES[field])}).status_code == 302
    provider.refresh_from_db()
    assert getattr(provider, field) == VALUES[field]
    shown = client.get(reverse("providers:provider_update", args=[provider.pk])).context["form"][field].value()
    assert json.loads(shown) == VALUES[field]
    assert edit(client, provider).status_code == 302
    provider.refresh_from_db()
    assert (getattr(provider, field), provider.revision) == (VALUES[field], 2)


@pytest.mark.parametrize("field", VALUES)
def test_each_field_can_be_emptied(client: Client, field: str) -> None:
    provider = make_provider(**{field: VALUES[field]})
    edit(client, provider, **{field: "  "})
    provider.refresh_from_db()
    assert getattr(provider, field) == EMPTY[field]


@pytest.mark.parametrize("field", VALUES)
def test_each_field_is_kept_while_another_is_changed(client: Client, field: str) -> None:
    provider = make_provider(**VALUES)
    edit(client, provider, envproxy_replicas="2")
    provider.refresh_from_db()
    assert getattr(provider, field) == VALUES[field]
    assert AuditEvent.objects.get(action="provider.update").after == {"envproxy_replicas": 2}


def test_a_new_provider_has_them_from_the_beginning(client: Client) -> None:
    fields = {"name": "tokyo", "way": "fields", "cluster_address": "https://203.0.113.9", "namespace": "coder"}
    texts = {name: json.dumps(value) for name, value in VALUES.items()}
    path = reverse("providers:provider_create")
    assert client.post(path, fields | texts | {"token": "t", "envproxy_replicas": "1"}).status_code == 302
    provider = WorkspaceProvider.objects.get()
    assert {name: getattr(provider, name) for name in VALUES} == VALUES


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("tolerations", "[", "Line 1, column 2: this is no JSON."),
        ("tolerations", '[{"key": "a", "effect": "Never"}]', "[0].effect: "),
        ("tolerations", '[{"key": "a", "colour": "red"}]', "[0].colour: there is no such field"),
        ("tolerations", '[{"operator": "Equal"}]', "[0]: without a key the operator is Exists"),
        ("tolerations", '[{"key": "a", "operator": "Exists", "value": "b"}]', "[0]: with operator Exists"),
        ("tolerations", "{}", "value: should be a valid list"),
        (
            "tolerations",
            '[{"key": "a", "effect": "NoExecute", "tolerationSeconds": 1e999}]',
            "no JSON|can't be read|integer",
        ),
        (
            "tolerations",
            '[{"key": "a", "effect": "NoExecute", "tolerationSeconds": 99999999999999999999}]',
            "[0].toler",
        ),
        ("node_selector", '{"disktype": 1}', "disktype: "),
        ("node_selector", '{"-bad-": "x"}', "-bad-: this is no valid key or value of a label"),
        ("node_selector", '{"a": "two words"}', "a: this is no valid key or value of a label"),
        ("affinity", '{"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}', "nodeSelectorTerms: "),
        ("affinity", "[]", "value: should be an object"),
        ("service_account_annotations", '{"a": "\\u0000"}', "a: must not hold NUL characters"),
        ("service_account_annotations", '{"a": "\\ud800"}', "a: must not hold"),
        ("service_account_annotations", '{"a": NaN}', "This can't be read as JSON."),
    ],
)
def test_an_error_is_at_its_field_with_its_place(
    client: Client, provider: WorkspaceProvider, field: str, text: str, error: str
) -> None:
    response = edit(client, provider, **{field: text})
    assert response.status_code == 200
    found = response.context["form"].errors
    assert list(found) == [field]
    assert any(each in found[field][0] for each in error.split("|"))
    assert response.context["form"][field].value() == text
    provider.refresh_from_db()
    assert provider.revision == 1


@pytest.mark.parametrize("text", ["[" * 15_000, "1" * 5000, "x" * 30_000, "null", "true", '"text"', "\0"])
@pytest.mark.parametrize("field", ["tolerations", "affinity"])
def test_whatever_is_typed_is_answered_by_words(
    client: Client, provider: WorkspaceProvider, field: str, text: str
) -> None:
    response = edit(client, provider, **{field: text})
    assert list(response.context["form"].errors) == [field]


@pytest.mark.parametrize("field", VALUES)
def test_the_rule_takes_what_the_form_takes(field: str) -> None:
    assert problems_of(field, VALUES[field]) == []
    assert problems_of(field, EMPTY[field]) == []


def test_the_form_says_from_when_on_it_applies(client: Client, provider: WorkspaceProvider) -> None:
    page = client.get(reverse("providers:provider_update", args=[provider.pk])).text
    assert "Applies to environments that are built from then on" in page


def test_the_storage_classes_that_a_check_found_are_offered(client: Client, provider: WorkspaceProvider) -> None:
    path = reverse("providers:provider_update", args=[provider.pk])
    assert "<datalist" not in client.get(path).text
    for classes in (("standard", "<fast>"), None):  # not asked the second time: what is known stays
        evidence = Evidence(checked_at=timezone.now(), duration_ms=1, reachable=True, storage_classes=classes)
        store_evidence(provider, evidence)
    page = client.get(path).text
    assert 'list="storage-classes"' in page
    assert '<option value="standard">' in page
    assert '<option value="&lt;fast&gt;">' in page
    edit(client, provider, storage_class="another")
    provider.refresh_from_db()
    assert provider.storage_class == "another"
