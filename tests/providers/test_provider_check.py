"""The button that asks for a check."""

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import User
from tests.factories import make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db


def test_it_asks_for_a_check_and_leads_back(site_manager: User) -> None:
    provider = make_provider(name="sydney")
    response = signed_in(site_manager).post(reverse("providers:provider_check", args=[provider.pk]), follow=True)
    provider.refresh_from_db()
    assert provider.check_requested_at
    assert response.redirect_chain == [(reverse("providers:provider_detail", args=[provider.pk]), 302)]
    assert "sydney is being checked now." in response.content.decode()
    assert AuditEvent.objects.filter(action="provider.check").count() == 1


def test_a_fragment_is_answered_with_the_body_of_the_card(site_manager: User) -> None:
    provider = make_provider()
    response = signed_in(site_manager).post(
        reverse("providers:provider_check", args=[provider.pk]), headers={"HX-Request": "true"}, follow=True
    )
    page = response.content.decode()
    assert f'id="provider-body-{provider.pk}"' in page
    assert "<html" not in page
