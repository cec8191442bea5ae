"""Headers of every page."""

import re

from django.http import HttpRequest
from django.test import Client

from coderadmin.htmx import wants_partial
from organizations.models import User
from tests.people import PASSWORD, signed_in


def test_the_content_security_policy_allows_our_own_files_only(client: Client, db: None) -> None:
    policy = client.get("/sign-in/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_pages_hold_nothing_that_the_policy_would_stop(member: User) -> None:
    for address in ("/sign-in/", "/", "/account/", "/account/password/"):
        page = (signed_in(member) if address != "/sign-in/" else Client()).get(address).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page), address
        assert not re.search(r"(src|href)=\"https?:", page), address


def test_every_page_tells_caches_that_fragments_differ(client: Client, db: None) -> None:
    assert "HX-Request" in client.get("/sign-in/")["Vary"]


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(client: Client, member: User) -> None:
    cookie = client.post("/sign-in/", {"username": member.email, "password": PASSWORD}).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_boosted_link_and_a_history_restore_want_the_whole_page(client: Client, db: None) -> None:
    def asked_with(**headers: str) -> HttpRequest:
        return client.get("/sign-in/", headers=headers).wsgi_request

    assert not wants_partial(asked_with())
    assert wants_partial(asked_with(**{"HX-Request": "true"}))
    assert not wants_partial(asked_with(**{"HX-Request": "true", "HX-Boosted": "true"}))
    assert not wants_partial(asked_with(**{"HX-Request": "true", "HX-History-Restore-Request": "true"}))
