"""Providers and operations at /support/: everything but secrets, and nothing to change."""

import pytest
from django.urls import reverse

from organizations.models import User
from providers.models import EnvproxyToken
from tests.factories import CLIENT_KEY, CLUSTER_TOKEN, make_operation, make_provider, make_status_change
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_support_staff_look_at_providers_and_their_work(support_person: User) -> None:
    provider = make_provider(name="sydney")
    EnvproxyToken.objects.create(provider=provider, digest="digest-that-no-page-may-show")
    rows = [provider, make_operation(provider, lines=["helm upgrade"]), make_status_change(provider)]
    client = signed_in(support_person)
    for row in rows:
        kind = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for path in (reverse(f"{kind}_changelist"), reverse(f"{kind}_change", args=[row.pk])):
            page = client.get(path).content.decode()
            assert "sydney" in page
            assert not any(secret in page for secret in (CLUSTER_TOKEN, CLIENT_KEY, "digest-that-no-page-may-show"))
            assert 'name="_save"' not in page


def test_support_staff_are_no_managers(support_person: User) -> None:
    provider = make_provider()
    client = signed_in(support_person)
    assert client.post(reverse("admin:providers_workspaceprovider_delete", args=[provider.pk])).status_code == 403
    assert client.post(reverse("providers:provider_deploy", args=[provider.pk])).status_code == 403
