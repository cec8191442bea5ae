"""The upgrade board from the command line."""

from typing import Any

import pytest

from infrastructure.choices import StepState
from infrastructure.models import Rollout
from organizations.models import User
from providers.choices import OperationState
from providers.helm.package import chart_version
from tests.client.conftest import Shell, Shells
from tests.embedded.test_run import wait_until
from tests.factories import make_built_in, make_provider
from tests.infrastructure.rollouts import OLD, advance, check, end_deploy, states, step_of


@pytest.fixture
def fleet(db: None, settings: Any) -> None:
    settings.ACCESS_URL = OLD
    make_built_in()
    make_provider(name="oslo", chart_version="0.0.1")
    make_provider(name="perth", chart_version=chart_version())
    make_provider(name="sydney", chart_version="0.0.1")


def test_the_board(shell: Shell, shell_of: Shells, fleet: None, auditor: User) -> None:
    assert {row["provider"]["name"]: row["state"] for row in shell.json("upgrades", "ls")} == {
        "oslo": "outdated",
        "perth": "current",
        "sydney": "outdated",
    }
    shown = shell.run("upgrades", "ls", "--outdated").stdout
    assert "oslo" in shown and "perth" not in shown
    assert "no upgrade yet" in shell.run("upgrades", "status", code=1).stderr
    shell_of(auditor).run("upgrades", "start", "--yes", code=4)


def test_what_it_would_mean_is_told_and_asked(shell: Shell, fleet: None) -> None:
    told = shell.run("upgrades", "start", "--dry-run").stdout
    assert chart_version() in told and "oslo, sydney" in told
    assert "perth" in shell.json("upgrades", "start", "perth", "--dry-run")["effects"][0]
    assert "--yes" in shell.run("upgrades", "start", code=2).stderr
    assert not Rollout.objects.exists()


def test_all_that_are_outdated_or_those_that_are_named(shell: Shell, fleet: None) -> None:
    started = shell.json("upgrades", "start", "--canary", "sydney", "--yes")
    assert [(step["provider_name"], step["is_canary"]) for step in started["steps"]] == [
        ("sydney", True),
        ("oslo", False),
    ]
    for once_more in ("--yes", "--dry-run"):
        assert "Another rollout is under way" in shell.run("upgrades", "start", "oslo", once_more, code=3).stderr
    assert "--yes" in shell.run("upgrades", "call-off", code=2).stderr
    assert "Ended" in shell.run("upgrades", "call-off", "--yes").stdout
    started = shell.run("upgrades", "start", "perth", "--yes")
    assert "coderadmin upgrades watch" in started.stdout
    assert states(Rollout.objects.latest("requested_at")) == {"perth": "waiting"}


def test_pause_retry_skip_and_resume(shell: Shell, fleet: None) -> None:
    shell.run("upgrades", "start", "--canary", "oslo", "--yes")
    rollout = Rollout.objects.get()
    assert "Paused" in shell.run("upgrades", "pause").stdout
    assert "Running" in shell.run("upgrades", "resume").stdout
    fail_next(rollout, "oslo")
    assert "The cluster is away." in shell.run("upgrades", "status").stdout
    assert "Running" in shell.run("upgrades", "retry", "OSLO").stdout
    assert "upgrades status" in shell.run("upgrades", "skip", "nowhere", "--reason", "x", "--yes", code=2).stderr
    shell.run("upgrades", "skip", "sydney", "--reason", "shut down", "--yes")
    assert states(rollout)["sydney"] == StepState.SKIPPED


def test_watching_goes_on_to_the_end_and_says_what_failed(shell: Shell, fleet: None) -> None:
    with shell.start("upgrades", "start", "oslo", "sydney", "--canary", "oslo", "--yes", "--wait") as process:
        wait_until(lambda: Rollout.objects.exists(), 60)
        fail_next(Rollout.objects.get(), "oslo")
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "oslo: Failed. The cluster is away." in stderr
    assert "coderadmin upgrades retry" in stderr.splitlines()[-1]
    rollout = Rollout.objects.get()
    shell.run("upgrades", "skip", "oslo", "--reason", "later", "--yes")
    shell.run("upgrades", "resume")
    with shell.start("upgrades", "watch") as process:
        advance(rollout)
        end_deploy(step_of(rollout, "sydney"))
        advance(rollout)
        check("sydney")
        advance(rollout)
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert stdout.startswith("Ended: ")


def fail_next(rollout: Rollout, name: str) -> None:
    advance(rollout)
    end_deploy(step_of(rollout, name), OperationState.FAILED, "The cluster is away.")
    advance(rollout)
