"""The page of each reason."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from organizations.choices import SiteRole
from organizations.models import User
from providers.kube.errors import Reason as KubeReason
from providers.reasons import REASONS
from tests.people import make_user, signed_in

FOLDER = Path(settings.BASE_DIR) / "docs" / "reasons"
SECTIONS = ["How we noticed", "Usual causes", "What to do", "Commands to try"]


def address(code: str) -> str:
    return f"/manage/admin/workspace-providers/reasons/{code}/"


def test_codes_and_files_are_in_step() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(REASONS)


def test_every_reason_that_a_cluster_can_give_has_its_words() -> None:
    assert {reason.value for reason in KubeReason} <= set(REASONS)


@pytest.mark.parametrize("code", REASONS)
def test_each_page_has_the_title_of_its_reason_and_all_sections(code: str) -> None:
    lines = (FOLDER / f"{code}.md").read_text().splitlines()
    assert lines[0] == f"# {REASONS[code].title}"
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS
    assert 15 <= len(lines) <= 35


@pytest.mark.parametrize("role", [SiteRole.ADMIN, SiteRole.MANAGER, SiteRole.AUDITOR])
def test_it_is_read_by_all_who_see_providers(db: None, role: SiteRole) -> None:
    page = signed_in(make_user(role)).get(address("tls_expired")).content.decode()
    assert page.count("The cluster&#x27;s certificate has expired</h1>") == 1
    assert "<h2>Usual causes</h2>" in page
    assert "openssl s_client -connect HOST:PORT &lt;/dev/null" in page


@pytest.mark.parametrize("code", ["nonsense", "TLS_EXPIRED", "README"])
def test_an_unknown_code_is_not_found(site_manager: User, code: str) -> None:
    assert signed_in(site_manager).get(address(code)).status_code == 404


def test_a_code_can_not_leave_the_folder(site_manager: User) -> None:
    assert signed_in(site_manager).get(address("..%2F..%2FREADME")).status_code == 404


def test_it_is_for_those_who_see_providers_only(db: None, client: Client, member: User) -> None:
    assert client.get(address("dns_failed"))["Location"].startswith("/sign-in/?next=")
    assert signed_in(member).get(address("dns_failed")).status_code == 403
    assert signed_in(member).get(address("nonsense")).status_code == 403


def test_it_changes_nothing(site_manager: User) -> None:
    assert signed_in(site_manager).post(address("dns_failed")).status_code == 405
