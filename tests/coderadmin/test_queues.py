"""Which work goes to which queue, and that a worker may take one kind only."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.utils import timezone

from coderadmin import cli, programs
from coderadmin.celery import app
from coderadmin.embedded.instance import Instance
from coderadmin.embedded.parts import worker_parts
from providers.tasks import check_due_batch, check_due_providers
from tests.factories import make_provider


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("providers.run_operation", "operations"),
        ("environments.run_operation", "operations"),
        ("environments.observe_provider", "checks"),
        ("providers.check_providers", "checks"),
        ("providers.check_due_providers", "checks"),
        ("providers.check_due_batch", "checks"),
        ("providers.resume_operations", "checks"),
    ],
)
def test_minutes_of_deploying_never_stand_before_a_check(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue


def test_a_worker_takes_all_queues_that_exist_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(cli, "_become", started.append)
    CliRunner().invoke(cli.main, ["worker"], catch_exceptions=False)
    CliRunner().invoke(cli.main, ["worker", "--queue", "checks"], catch_exceptions=False)
    taken = [command[command.index("--queues") + 1] for command in started]
    assert taken == [",".join(programs.QUEUES), "checks"]


def test_the_embedded_stack_has_a_worker_for_each_queue(tmp_path: Path) -> None:
    instance = Instance(data_dir=tmp_path, host="127.0.0.1", port=8000, access_url="http://localhost:8000")
    commands = [part.child.argv for part in worker_parts(instance, {})]
    assert [command[command.index("--queues") + 1] for command in commands] == ["checks", "operations"]


def test_a_queue_that_does_not_exist_is_refused() -> None:
    result = CliRunner().invoke(cli.main, ["worker", "--queue", "deploys"])
    assert result.exit_code == 2
    assert "deploys" in result.output


@pytest.mark.django_db
def test_what_is_due_waits_unclaimed_until_a_worker_takes_the_message() -> None:
    """Else workers that fell behind would meet the next claim in each check, pay twice for it, and stay behind."""
    due = timezone.now()
    provider = make_provider(next_check_at=due)
    with app.connection_for_read() as connection, connection.SimpleQueue("checks") as queue:
        queue.clear()
        check_due_providers()
        message = queue.get(timeout=5)
        message.ack()
    assert message.headers["task"] == "providers.check_due_batch"
    assert due < datetime.fromisoformat(message.headers["expires"]) < due + timedelta(seconds=10)
    provider.refresh_from_db()
    assert provider.next_check_at == due
    check_due_batch(down=False)
    provider.refresh_from_db()
    assert provider.next_check_at > due
