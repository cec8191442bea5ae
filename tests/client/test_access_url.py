"""The change of the access URL from the command line."""

from typing import Any

import pytest

from infrastructure.models import AccessURLChange, Rollout
from providers.choices import OperationState
from providers.models import AccessURL
from tests.client.conftest import Shell
from tests.embedded.test_run import wait_until
from tests.factories import make_built_in, make_provider
from tests.infrastructure.rollouts import NEW, OLD, advance, checked_change, confirm, end_deploy, rollout_of, step_of


@pytest.fixture
def fleet(db: None, settings: Any) -> None:
    settings.ACCESS_URL = OLD
    make_built_in()
    make_provider(name="oslo")
    make_provider(name="sydney")


def test_a_plan_is_made_shown_and_dropped(shell: Shell, fleet: None) -> None:
    assert OLD in shell.run("access-url", "status").stdout
    assert "under way" in shell.run("access-url", "change", code=1).stderr
    assert "new_url:" in shell.run("access-url", "plan", "http://dev.example.com", code=2).stderr
    planned = shell.json("access-url", "plan", NEW)
    assert planned["is_checking"]
    assert shell.json("access-url", "plan", NEW)["id"] == planned["id"]
    assert "being examined" in shell.run("access-url", "status").stdout
    shell.run("access-url", "plan", "https://third.example.com", code=3)
    assert "stays the access URL" in shell.run("access-url", "drop", "--dry-run").stdout
    shell.run("access-url", "drop", "--yes")
    assert AccessURLChange.objects.get().state == "dropped"


def test_from_the_switch_to_the_end(shell: Shell, fleet: None) -> None:
    warning = {"code": "x", "label": "Subdomains", "level": "warning", "detail": "Not below it.", "remedy": "Edit."}
    change = checked_change(findings=[warning])
    unread = shell.run("access-url", "change", "--yes", code=3).stderr
    assert "Not below it." in unread and "--warnings-read" in unread
    AccessURLChange.objects.update(findings=[])
    assert "redeployed by workers" in shell.run("access-url", "change", "--dry-run").stdout
    assert "--yes" in shell.run("access-url", "change", code=2).stderr
    shell.run("access-url", "change", "--canary", "sydney", "--yes")
    assert "not every" in shell.run("access-url", "finish", "--yes", code=3).stderr.lower()
    rollout = rollout_of(change)
    for name in ("sydney", "oslo"):
        advance(rollout)
        confirm(rollout, name)
    advance(rollout)
    status = shell.json("access-url", "status")
    assert status["change"]["state"] == "confirmed"
    assert [step["state"] for step in status["change"]["rollout"]["steps"]] == ["confirmed", "confirmed"]
    assert "DNS records" in shell.run("access-url", "finish", "--yes").stdout
    assert AccessURL.objects.get(url=OLD).state == "retired"


def test_pause_skip_and_the_way_back(shell: Shell, fleet: None) -> None:
    change = checked_change()
    shell.run("access-url", "change", "--yes")
    assert "Paused" in shell.run("access-url", "pause").stdout
    assert "Running" in shell.run("access-url", "resume").stdout
    fail_next(rollout_of(change), "oslo")
    assert "The cluster is away." in shell.run("access-url", "status").stdout
    assert "Running" in shell.run("access-url", "retry", "oslo").stdout
    assert "status" in shell.run("access-url", "skip", "nowhere", "--reason", "x", "--yes", code=2).stderr
    assert "Skipped" in shell.run("access-url", "skip", "sydney", "--reason", "shut down", "--yes").stdout
    shell.run("access-url", "rollback", "--yes")
    change.refresh_from_db()
    assert change.state in ("rolling-back", "rolled-back")


def test_waiting_ends_where_it_pauses(shell: Shell, fleet: None) -> None:
    change = checked_change()
    shell.run("access-url", "change", "--yes")
    rollout = rollout_of(change)
    fail_next(rollout, "oslo")
    with shell.start("access-url", "resume", "--wait") as process:
        wait_until(lambda: Rollout.objects.filter(state="running").exists(), 30)
        fail_next(rollout, "sydney")
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "oslo: Failed. The cluster is away." in stderr
    assert stderr.splitlines()[-1].startswith("Error: Paused.")


def fail_next(rollout: Rollout, name: str) -> None:
    advance(rollout)
    end_deploy(step_of(rollout, name), OperationState.FAILED, "The cluster is away.")
    advance(rollout)
