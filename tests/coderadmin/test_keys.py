"""`coderadmin keys`: everything under the first key, whatever happens beside it, and no value in what it prints."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.db import connection, transaction
from django.test import override_settings

from audit.models import AuditEvent
from coderadmin import cli, keys
from coderadmin.encryption import Sealed, UndecryptableError, key_of, seal
from providers.models import ClusterCredential
from tests.clusters import eventually
from tests.factories import CLIENT_KEY, CLUSTER_TOKEN, make_provider

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW, OTHER = "old" * 20, "new" * 20, "other" * 20


@pytest.fixture
def use_keys(settings: Any) -> Callable[..., None]:
    return lambda *names: setattr(settings, "ENCRYPTION_KEYS", list(names))


@pytest.fixture
def credentials(use_keys: Callable[..., None]) -> list[ClusterCredential]:
    """Three, of two values each, under the old key; and a new key before it."""
    use_keys(OLD)
    made = [make_provider().credential for _ in range(3)]
    use_keys(NEW, OLD)
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["keys", *arguments])


def test_after_a_rotation_the_old_key_is_not_needed(
    credentials: list[ClusterCredential], use_keys: Callable[..., None]
) -> None:
    before = run("status")
    assert before.exit_code == 0
    assert "Key 1 opens 0 values" in before.output
    assert "Key 2 opens 6 values: `coderadmin keys rotate`" in before.output

    result = run("rotate")
    assert result.exit_code == 0, result.output
    assert "6 values are stored; 6 were encrypted anew" in result.output
    assert "Key 2 opens 0 values: it can be removed" in run("status").output

    use_keys(NEW)
    for credential in ClusterCredential.objects.select_related("provider"):
        assert (credential.target().token, credential.target().client_key_pem) == (CLUSTER_TOKEN, CLIENT_KEY)


def test_it_leaves_one_row_in_the_audit_log_and_none_when_there_is_nothing_to_do(
    credentials: list[ClusterCredential],
) -> None:
    entered = {credential.pk: credential.updated_at for credential in ClusterCredential.objects.all()}
    run("rotate")
    assert "6 values are stored; 0 were encrypted anew" in run("rotate").output
    row = AuditEvent.objects.get(action="keys.rotate")
    assert (row.after, row.outcome) == ({"values": 6, "lost": 0}, "succeeded")
    assert {credential.pk: credential.updated_at for credential in ClusterCredential.objects.all()} == entered


def test_what_no_key_opens_is_named_and_left_while_the_rest_is_done(
    credentials: list[ClusterCredential], use_keys: Callable[..., None]
) -> None:
    use_keys(OTHER)
    lost = make_provider().credential
    stored = ClusterCredential.objects.get(pk=lost.pk).token
    use_keys(NEW, OLD)
    for command in ("status", "rotate", "status"):
        result = run(command)
        assert result.exit_code == 1
        assert "No key opens 2 values" in result.output
        assert f"providers.ClusterCredential.token of {lost.pk}" in result.output
        assert stored not in result.output
    assert "Key 1 opens 6 values" in run("status").output
    assert ClusterCredential.objects.get(pk=lost.pk).token == stored
    with pytest.raises(UndecryptableError):
        stored.open()


def test_it_prints_no_value_and_no_key(credentials: list[ClusterCredential]) -> None:
    printed = run("status").output + run("rotate").output + run("status").output
    sealed = {value for row in ClusterCredential.objects.values_list("token", "client_key_pem") for value in row}
    assert not [text for text in {CLUSTER_TOKEN, CLIENT_KEY, OLD, NEW, *sealed} if text in printed]


def test_a_credential_that_is_saved_meanwhile_stays(credentials: list[ClusterCredential]) -> None:
    """The other transaction has written and not committed; the rotation waits for it and must not win over it."""
    pk, written, done = credentials[0].pk, threading.Event(), threading.Event()

    def save() -> None:
        with transaction.atomic():
            ClusterCredential.objects.filter(pk=pk).update(token=under(OLD, "token-entered-meanwhile"))
            written.set()
            done.wait(30)
        connection.close()

    def rotate() -> None:
        written.wait(30)
        keys.rotate(lambda _: None)
        connection.close()

    threads = [threading.Thread(target=target) for target in (save, rotate)]
    for thread in threads:
        thread.start()
    assert written.wait(30)
    waits = eventually(is_anybody_waiting)
    done.set()
    for thread in threads:
        thread.join(30)
    assert waits, "the rotation did not meet the other transaction"
    stored = ClusterCredential.objects.get(pk=pk).token
    assert stored.open() == "token-entered-meanwhile"
    assert key_of(stored) == 0


def test_an_interrupted_run_is_told_and_the_next_one_does_the_rest(
    credentials: list[ClusterCredential], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "BATCH", 1)

    def stop(line: str) -> None:
        if "2 values" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate(stop)
    assert keys.status().opened == [2, 4]
    keys.rotate(lambda _: None)
    assert keys.status().opened == [6, 0]
    rows = AuditEvent.objects.filter(action="keys.rotate").order_by("id")
    assert [(row.outcome, row.after["values"]) for row in rows] == [("failed", 2), ("succeeded", 4)]


def is_anybody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


def under(key: str, text: str) -> Sealed:
    """Sealed as by a process that has only this key."""
    with override_settings(ENCRYPTION_KEYS=[key]):
        return seal(text)
