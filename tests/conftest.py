from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

from coderadmin.access_url import Memory, memory
from providers.access_urls import AccessURLs
from tests.emptying import empty_tables

pytest_plugins = [
    "tests.people",
    "tests.organizations.mails",
    "tests.organizations.smtp",
    "tests.authentication.openid",
    "tests.browser",
    "tests.clusters",
    "tests.storage",
]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's own, but tests with transactions may empty the tables of the audit log, too.

    And a thread of the live server that still holds a connection can't keep the database.
    """
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER DATABASE {name} SET coderadmin.audit_truncate = 'on'")
        connection.close()
        connection.close_pool()  # connections that are open already don't know of it
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: empty_tables())
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_clients() -> None:
    """Each test client builds the middleware anew; whitenoise would look through all files for each of them."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def known_access_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request asks the database for the access URLs, but in tests about them (`fresh_access_urls`)."""
    monkeypatch.setattr(settings, "EXTRA_HOSTS", [*settings.EXTRA_HOSTS, "testserver"])
    monkeypatch.setattr(memory, "urls", lambda **_: AccessURLs(current=str(settings.ACCESS_URL)))


@pytest.fixture
def fresh_access_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request asks the database."""
    monkeypatch.setattr(memory, "urls", lambda **_: Memory().urls())
