"""Every action that the code records has words, and can be filtered."""

import re
from pathlib import Path

import pytest

from audit.words import ACTIONS, AREAS, action_choices, action_in_words
from environments.choices import EnvironmentOperationKind
from providers.choices import OperationKind

REPOSITORY = Path(__file__).resolve().parents[2]
APPS = ("audit", "organizations", "providers", "environments", "infrastructure")
RECORDED = re.compile(
    r"""action=f?"([^"]+)"|_record\(\s*actor,\s*"([^"]+)"|^[A-Z]+ = "([a-z]+\.[a-z_]+)"$""", re.MULTILINE
)
KINDS = {"provider": OperationKind.values, "environment": EnvironmentOperationKind.values}


def actions_in_code() -> set[str]:
    code = "".join(
        path.read_text() for app in APPS for path in (REPOSITORY / app).rglob("*.py") if path.name != "words.py"
    )
    return {action for found in RECORDED.findall(code) for action in found if "." in action}


def spelled_out(action: str) -> set[str]:
    if "{" not in action:
        return {action}
    beginning, area = action.partition("{")[0], action.partition(".")[0]
    kinds = KINDS[area] if area in KINDS else [kind for each in KINDS.values() for kind in each]
    return {beginning + kind for kind in kinds}


def test_it_finds_actions_in_the_code() -> None:
    assert {"provider.cordon", "organization.add_member", "provider.{operation.kind}"} <= actions_in_code()


@pytest.mark.parametrize("action", sorted({each for found in actions_in_code() for each in spelled_out(found)}))
def test_it_has_words_and_an_area(action: str) -> None:
    assert action in ACTIONS
    assert action.partition(".")[0] in AREAS


def test_every_action_can_be_chosen_once() -> None:
    chosen = [key for _, choices in action_choices() for key, _ in choices if "." in key]
    assert sorted(chosen) == sorted(ACTIONS)


def test_an_attempt_without_words_is_told_by_its_code() -> None:
    assert action_in_words("organization.members_add") == "Organization: members add"
