"""The access matrix: all organizations and providers in one table."""

import gzip
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.factories import make_environment, make_organization, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture
def platform() -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def sydney(platform: Organization) -> WorkspaceProvider:
    make_provider(name="home", organizations=[platform])
    return make_provider(name="sydney", organizations=[platform])


def path() -> str:
    return reverse("providers:access_matrix")


def plain() -> str:
    """Where a browser without script is led."""
    return f"{path()}?plain=1"


def many(rows: int, columns: int) -> None:
    """Every second cell is allowed."""
    providers = [make_provider(credential=False) for _ in range(columns)]
    organizations = [make_organization() for _ in range(rows)]
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=organization)
        for row, organization in enumerate(organizations)
        for column, provider in enumerate(providers)
        if (row + column) % 2 == 0
    )


def row_of(page: str, name: str) -> dict[str, str]:
    """The hidden fields that a browser without script sends with the row of that organization."""
    row = next(row for row in page.split("<tr ") if f">{name}</a>" in row)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', row))


def test_a_cell_is_a_box_named_by_its_row_and_column(client: Client, sydney: WorkspaceProvider) -> None:
    page = client.get(plain()).text
    assert re.search(r'<a id="c1" [^>]*>sydney</a>', page)
    assert re.search(r'<a id="r0" [^>]*>Platform</a>', page)
    assert re.search(r'name="allowed" value="1" form="f0" [^>]*aria-labelledby="r0 on c1" checked>', page)
    assert '<span id="on">on</span>' in page


def test_closing_is_said_in_words_and_environments_are_counted(
    client: Client, sydney: WorkspaceProvider, platform: Organization, auditor: User
) -> None:
    make_environment(sydney, organization=platform, status="off")
    AllowlistEntry.objects.filter(provider=sydney).update(closing=True)
    for reader in (client, signed_in(auditor)):
        for address in (path(), plain()):
            page = reader.get(address).text
            assert '<small title="0 running, 1 stopped">1<' in page
            assert "closing" in page.split("<tbody>")[1]


def test_the_script_sends_only_what_was_changed(client: Client, sydney: WorkspaceProvider) -> None:
    other = make_organization(name="Other")
    text = f"{sydney.pk.hex}.{other.pk.hex}.no"
    asked = client.post(path(), {"changes_text": text})
    assert "Other may place environments on sydney." in asked.text
    assert not AllowlistEntry.objects.filter(organization=other).exists()
    client.post(asked.context["save_url"], {"changes_text": asked.context["changes_text"]})
    assert AllowlistEntry.objects.filter(organization=other).get().provider == sydney


def test_without_script_a_row_is_saved_by_itself(client: Client, sydney: WorkspaceProvider) -> None:
    page = client.get(plain())
    fields = row_of(page.text, "Platform")
    asked = client.post(page.context["url"], fields | {"allowed": ["0"]})
    assert "Platform may not use sydney any more." in asked.text
    assert "home" not in "".join(asked.context["sentences"])
    done = client.post(asked.context["save_url"], {"changes_text": asked.context["changes_text"]})
    assert done["Location"] == plain()
    assert [each.name for each in WorkspaceProvider.objects.filter(allowlist__isnull=False)] == ["home"]


def test_a_refusal_keeps_what_was_changed(client: Client, sydney: WorkspaceProvider, platform: Organization) -> None:
    make_environment(sydney, organization=platform)
    page = client.post(plain(), {"changes_text": f"{sydney.pk.hex}.{platform.pk.hex}.on"})
    assert "Platform still has one environment on sydney." in page.text
    assert '<td class="changed"><input type="checkbox" name="allowed" value="1"' in page.text
    assert 'data-shown="oo"' in page.text


def test_each_different_cell_is_sent_once(client: Client, sydney: WorkspaceProvider, platform: Organization) -> None:
    """How the script lays them out again is in test_access_in_browser.py."""
    Organization.objects.bulk_create(Organization(name=f"team-{number}") for number in range(20))
    page = client.get(path()).text.split("<tbody>")[1]
    assert page.count("<td") == 2
    assert '<template data-shown="no">' in page
    filled = re.search(rf'data-row="{platform.pk.hex}" data-cells="([^"]*)"', page)
    assert filled and set(filled[1].split()) == {"0:1", "1:1"}
    assert page.count('data-cells=""') == 20


def test_all_or_nothing_over_several_rows(client: Client, sydney: WorkspaceProvider, platform: Organization) -> None:
    other = make_organization()
    make_environment(sydney, organization=platform)
    text = f"{sydney.pk.hex}.{other.pk.hex}.no {sydney.pk.hex}.{platform.pk.hex}.on"
    page = client.post(reverse("providers:access_matrix_save"), {"changes_text": text})
    assert page.status_code == 200
    assert not AllowlistEntry.objects.filter(organization=other).exists()
    assert not AuditEvent.objects.filter(action="allowlist.change").exists()


def test_it_is_searched_by_organization_and_by_provider(client: Client, sydney: WorkspaceProvider) -> None:
    make_organization(name="Other")
    grid = client.get(path(), {"organization": "plat", "provider": "syd"}).context["grid"]
    assert [each.name for each in grid.organizations] == ["Platform"]
    assert [each.name for each in grid.providers] == ["sydney"]


def test_the_search_is_kept_through_both_steps(client: Client, sydney: WorkspaceProvider) -> None:
    other = make_organization(name="Other")
    asked = client.post(f"{path()}?organization=oth", {"changes_text": f"{sydney.pk.hex}.{other.pk.hex}.no"})
    done = client.post(asked.context["save_url"], {"changes_text": asked.context["changes_text"]})
    assert done["Location"] == f"{path()}?organization=oth"


def test_nothing_found_is_said(client: Client, sydney: WorkspaceProvider) -> None:
    assert "Nothing found" in client.get(path(), {"organization": "nobody"}).text


@pytest.mark.parametrize("query", [{"page": "x"}, {"page": "99999"}, {"organization": "\0"}, {"provider": "x" * 9000}])
def test_any_query_is_answered(client: Client, sydney: WorkspaceProvider, query: dict[str, str]) -> None:
    assert client.get(path(), query).status_code == 200


def test_names_are_escaped(client: Client, sydney: WorkspaceProvider, auditor: User) -> None:
    make_organization(name="<script>alert(1)</script>")
    for reader in (client, signed_in(auditor)):
        page = reader.get(path()).text
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_an_auditor_reads_it_and_can_change_nothing(auditor: User, sydney: WorkspaceProvider) -> None:
    page = signed_in(auditor).get(path()).text
    assert "<td>yes</td>" in page
    assert 'type="checkbox"' not in page
    assert "Review the changes" not in page


@pytest.mark.parametrize("size", [2, 12])
def test_it_asks_a_constant_number_of_queries(size: int, client: Client, django_assert_num_queries: Any) -> None:
    many(size, size)
    make_environment(WorkspaceProvider.objects.first())
    client.get(path())
    with django_assert_num_queries(7):
        client.get(path())


def test_forty_thousand_cells_are_few_bytes(client: Client) -> None:
    many(200, 200)
    response = client.get(path(), headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in response
    assert len(response.content) < 300_000
    assert response.context["page"].paginator.count == 200
    with_every_cell = client.get(path(), {"plain": "1"}, headers={"accept-encoding": "gzip"})
    assert with_every_cell["Content-Encoding"] == "gzip"
    assert len(with_every_cell.content) < 500_000
    assert len(gzip.decompress(with_every_cell.content)) > 5_000_000


def test_ten_thousand_changes_are_one_field_and_more_are_refused_in_words(
    client: Client, sydney: WorkspaceProvider
) -> None:
    organizations = Organization.objects.bulk_create(Organization(name=f"team {number}") for number in range(1001))
    words = [f"{sydney.pk.hex}.{each.pk.hex}.no" for each in organizations]
    asked = client.post(path(), {"changes_text": " ".join(words)})
    assert "And 801 more." in asked.text
    unknown = [f"{sydney.pk.hex}.{number:032x}.no" for number in range(10_001)]
    assert "Change at most 10000 at once." in client.post(path(), {"changes_text": " ".join(unknown)}).text
