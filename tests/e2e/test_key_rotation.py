"""Keys change under a running deployment by the real command: no provider has to be entered again."""

import subprocess
import sys
from contextlib import closing
from typing import Any

import psycopg

from tests.clusters import eventually
from tests.e2e.conftest import CHECK_INTERVAL, Deployment, running_deployment

OLD, NEW = "the-old-key-" * 4, "the-new-key-" * 4
WEB = "gunicorn"


def keys(deployment: Deployment, command: str, **variables: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "coderadmin.cli", "keys", command],
        env={**deployment.variables(WEB), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def rows(deployment: Deployment, query: str) -> list[tuple[Any, ...]]:
    address = deployment.variables(WEB)["DATABASE_URL"]
    with closing(psycopg.connect(address)) as connection:
        return connection.execute(query.encode()).fetchall()


def statuses(deployment: Deployment) -> dict[str, str]:
    """Of the providers with a stored credential, once their deploys have ended and each was checked from then on."""
    active = "SELECT 1 FROM providers_operation WHERE state IN ('queued', 'running')"
    assert eventually(lambda: not rows(deployment, active), 60)
    since = rows(deployment, "SELECT now()::text")[0][0]
    remote = "FROM providers_workspaceprovider p JOIN providers_clustercredential c ON c.provider_id = p.id"
    unchecked = f"SELECT name {remote} WHERE last_check_at IS NULL OR last_check_at < '{since}'"
    assert eventually(lambda: not rows(deployment, unchecked), 5 * CHECK_INTERVAL), rows(deployment, unchecked)
    return dict(rows(deployment, f"SELECT name, status || ' ' || reason {remote}"))


def unreadable(found: dict[str, str]) -> list[str]:
    """Told by the first check; envproxies that start again are another matter."""
    return [name for name, status in found.items() if "credential" in status]


def test_keys_are_changed_while_everything_runs_and_the_old_one_is_removed() -> None:
    with running_deployment(CODERADMIN_ENCRYPTION_KEYS=f"{OLD},{NEW}") as deployment:
        before, folder = statuses(deployment), deployment.folder
        assert [name for name, status in before.items() if status.startswith("ready")]
        rotated = {"CODERADMIN_ENCRYPTION_KEYS": f"{NEW},{OLD}"}
        assert "Key 1 opens 0 values" in keys(deployment, "status", **rotated)
        printed = keys(deployment, "rotate", **rotated)
        assert f"{len(before)} were encrypted anew" in printed
        assert not [secret for secret in (OLD, NEW, "gAAAAA") if secret in printed]
        assert "Key 2 opens 0 values: it can be removed" in keys(deployment, "status", **rotated)
        assert not unreadable(statuses(deployment))
        assert rows(deployment, "SELECT outcome FROM audit_auditevent WHERE action = 'keys.rotate'") == [("succeeded",)]

    with running_deployment(folder=folder, CODERADMIN_ENCRYPTION_KEYS=NEW) as deployment:
        after = statuses(deployment)
        assert after.keys() == before.keys()
        assert not unreadable(after)
