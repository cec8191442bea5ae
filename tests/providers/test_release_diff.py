"""What is on the cluster, what we deployed, what we want: compared without any of them."""

from typing import Any

import pytest

from providers.models import WorkspaceProvider
from providers.release_diff import Difference, Drift, by_hand, drift_of, leaves, undeployed

DEFAULTS = {"cemanager": {"accessURL": ""}, "ssh": {"enable": True}, "storageClassName": "", "envproxy": {"image": ""}}
OLD, NEW = "https://old.example.com", "https://new.example.com"


def values(url: str = OLD, **more: Any) -> dict[str, Any]:
    return {"cemanager": {"accessURL": url}, "ssh": {"enable": True}} | more


def provider(
    *, release: dict[str, Any], revision: int | None = 3, deployed: dict[str, Any] | None = None, ours: int | None = 3
) -> WorkspaceProvider:
    return WorkspaceProvider(
        release_values=release,
        release_values_revision=revision,
        deployed_values=deployed or {},
        deployed_revision=ours if deployed else None,
    )


def drift(expected: dict[str, Any], **release: Any) -> Drift:
    return drift_of(provider(**release), expected=expected, defaults=DEFAULTS)


def test_the_same_values_are_no_difference() -> None:
    assert undeployed(values(), values()) == []
    assert not drift(values(), release=values(), deployed=values()).is_there


def test_a_changed_value_is_told_with_both_sides() -> None:
    assert undeployed(values(NEW), values()) == [Difference("cemanager.accessURL", OLD, NEW)]


def test_what_is_not_set_on_the_cluster_has_the_charts_default() -> None:
    given = {"cemanager": {"accessURL": OLD}}
    assert undeployed(values(), given, defaults=DEFAULTS) == []
    assert undeployed(values(), given) == [Difference("ssh.enable", None, True)]


def test_what_only_the_admins_own_helm_sets_is_his() -> None:
    theirs = values(envproxy={"resources": {"limits": {"memory": "1Gi"}}})
    found = drift(values(), release=theirs)
    assert not found.is_there
    assert found.next_deploy == [Difference("envproxy.resources.limits.memory", "1Gi", None)], "but a deploy drops it"


def test_what_we_set_last_time_and_no_longer_want_goes_back_to_the_default() -> None:
    before = values(storageClassName="fast")
    found = drift(values(), release=before, deployed=before)
    assert found.undeployed == [Difference("storageClassName", "fast", "")]
    assert found.dropped == []


def test_a_value_that_was_a_mapping_differs_as_a_whole() -> None:
    found = undeployed({"ssh": True}, {"ssh": {"enable": True}})
    assert found == [Difference("ssh", None, True)]


def test_a_release_that_we_do_not_know_has_no_drift() -> None:
    assert drift(values(NEW), release={}, revision=None) == Drift()


def test_a_revision_of_somebody_else_that_changes_our_keys_is_a_change_by_hand() -> None:
    found = drift(values(), release=values(NEW), revision=4, deployed=values())
    assert found.by_hand is not None
    assert (found.by_hand.revision, found.by_hand.differences) == (4, [Difference("cemanager.accessURL", NEW, OLD)])
    assert found.undeployed == [], "our settings are as they were"
    assert found.next_deploy == [Difference("cemanager.accessURL", NEW, OLD)]


def test_our_change_and_somebody_elses_of_one_key_are_both_told() -> None:
    found = drift(values(NEW), release=values("https://theirs.example.com"), revision=4, deployed=values())
    assert found.by_hand is not None
    assert found.by_hand.differences == [Difference("cemanager.accessURL", "https://theirs.example.com", OLD)]
    assert found.undeployed == [Difference("cemanager.accessURL", "https://theirs.example.com", NEW)]
    assert found.next_deploy == found.undeployed


@pytest.mark.parametrize("revision", [4, 1])
def test_also_a_release_that_was_installed_anew_is_a_change_by_hand(revision: int) -> None:
    assert by_hand(provider(release=values(NEW), revision=revision, deployed=values())) is not None


@pytest.mark.parametrize(
    "release",
    [
        {"release": values(), "revision": 5, "deployed": values()},
        {"release": values(NEW), "revision": 3, "deployed": values()},
        {"release": values(NEW), "revision": 3},
        {"release": {}, "revision": None, "deployed": values()},
    ],
    ids=["rolled back to ours", "our revision", "never deployed by us", "not known"],
)
def test_anything_else_is_no_change_by_hand(release: dict[str, Any]) -> None:
    assert by_hand(provider(**release)) is None


def test_leaves_are_dotted_and_lists_stay_whole() -> None:
    assert leaves({"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "f": {}}) == {"a.b.c": 1, "a.d": [1, {"e": 2}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "not set"), ("", "empty"), (True, "true"), (2, "2"), (["ä"], '["ä"]'), ("fast", "fast")],
)
def test_values_read_as_helm_writes_them(value: Any, text: str) -> None:
    difference = Difference("key", value, value)
    assert (difference.on_cluster_text, difference.wanted_text) == (text, text)
