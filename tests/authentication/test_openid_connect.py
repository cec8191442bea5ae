"""Signing in by OpenID Connect, with a real provider."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from organizations.models import User
from tests.authentication.openid import Provider, begin, change, come_back, round_trip
from tests.people import make_organization, make_user, signed_in


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_person_signs_in_with_the_account_of_the_same_verified_email(
    client: Client, provider: Provider, member: User
) -> None:
    provider.knows("m1", email="Member@Example.com", email_verified=True, name="Mo")
    response = round_trip(provider, client, "m1", next="/account/tokens/")
    assert (response.status_code, response["Location"]) == (302, "/account/tokens/")
    assert is_signed_in(client)
    event = AuditEvent.objects.filter(action="user.sign_in").get()
    assert (event.actor_name, event.outcome, event.after["method"]) == (member.email, "succeeded", "OpenID Connect")
