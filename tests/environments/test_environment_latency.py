"""Which addresses the create form may ask for their latency: those of the offered providers, and on no other page."""

from typing import Any

import pytest

from organizations.models import User
from tests.factories import make_provider
from tests.people import add_member, make_organization, signed_in

pytestmark = pytest.mark.django_db


def directive(answer: Any, name: str) -> set[str]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return next((set(part[1:]) for part in parts if part and part[0] == name), set())


def test_this_page_alone_may_ask_exactly_the_offered_providers_for_their_latency(
    member: User,
) -> None:
    organization = make_organization()
    add_member(organization, member)
    make_provider(name="home", is_default=True, organizations=[organization])
    client = signed_in(member)
    make_provider(name="port", hostname="https://port.coder.example.com:8443", organizations=[organization])
    make_provider(name="foreign")
    answer = client.get("/environments/new/")
    wanted = {"'self'", "https://home.coder.example.com", "https://port.coder.example.com:8443"}
    assert directive(answer, "connect-src") == wanted
    assert 'data-latency="https://port.coder.example.com:8443"' in answer.text
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert directive(client.get("/environments/"), "connect-src") == set()
    assert directive(client.get("/why/"), "connect-src") == set()


def test_whoever_has_several_organizations_may_ask_the_providers_of_all_and_the_default(member: User) -> None:
    for name in ("Platform", "Research"):
        organization = make_organization(name=name)
        add_member(organization, member)
        make_provider(name=name.lower(), organizations=[organization])
    make_provider(name="zurich", is_default=True)
    make_provider(name="foreign", organizations=[make_organization(name="Foreign")])
    form = signed_in(member).get("/environments/new/")
    others = {f"https://{name}.coder.example.com" for name in ("platform", "research", "zurich")}
    assert directive(form, "connect-src") == {"'self'", *others}
