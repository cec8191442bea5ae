"""Versions of the chart against each other."""

import pytest
from django.test import Client

from organizations.models import User
from providers import releases
from providers.releases import ChartState, state_of
from tests.factories import make_built_in, make_provider
from tests.people import signed_in

LIST = "/manage/admin/workspace-providers/"
IN_ORDER = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.10",
    "1.2.0",
    "1.10.0",
    "10.0.0",
]


def test_versions_are_in_the_order_of_the_specification() -> None:
    for position, one in enumerate(IN_ORDER):
        for other in IN_ORDER[position + 1 :]:
            assert state_of(one, other) == ChartState.OUTDATED, (one, other)
            assert state_of(other, one) == ChartState.NEWER, (one, other)


@pytest.mark.parametrize("version", ["1.0.0", "v1.0.0", "1.0.0+build.5"])
def test_what_says_nothing_about_the_order_does_not_count(version: str) -> None:
    assert state_of(version, "1.0.0") == ChartState.CURRENT


@pytest.mark.parametrize("version", ["", "1.0", "latest", "1.0.0-", "1.0.0-a..b", "1.0.0 ", "٣.0.0", "1.0.0+"])
def test_what_is_no_version_is_unknown(version: str) -> None:
    assert state_of(version, "1.0.0") == ChartState.UNKNOWN


def test_the_list_shows_those_whose_chart_is_outdated(site_manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "chart_version", lambda: "0.10.0")
    make_built_in()
    for name, version in (("sydney", "0.9.0"), ("europe", "0.10.0"), ("asia", "0.11.0"), ("africa", "0.10.0-rc.1")):
        make_provider(name=name, chart_version=version)
    client: Client = signed_in(site_manager)
    response = client.get(LIST, {"status": "outdated"})
    assert [card.provider.name for card in response.context["cards"]] == ["africa", "sydney"]
    counts = {facet.value: facet.count for facet in response.context["facets"]}
    assert (counts["outdated"], counts[""]) == (2, 5)
    assert response.content.decode().count(">chart outdated<") == 2
