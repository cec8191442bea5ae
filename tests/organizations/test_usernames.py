"""Usernames: always a label, never two the same."""

import re
import threading
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from organizations.models import User
from organizations.usernames import FALLBACK, LONGEST, PATTERN, free_username, username_base
from tests.people import make_user


@pytest.mark.parametrize(
    ("email", "base"),
    [
        ("ada@example.com", "ada"),
        ("Ada.Lovelace+notes@example.com", "ada-lovelace-notes"),
        ("_._@example.com", FALLBACK),
        ("ünal@example.com", "nal"),
        ('"a@b"@example.com', "a-b"),
        ("a" * 38 + ".b@example.com", "a" * 38),
        ("a" * 60 + "@example.com", "a" * LONGEST),
        ("0@example.com", "0"),
    ],
)
def test_the_base_is_the_local_part_as_a_label(email: str, base: str) -> None:
    assert username_base(email) == base


@given(st.lists(st.text(max_size=80), max_size=30))
def test_any_addresses_get_labels_that_differ(emails: list[str]) -> None:
    taken: set[str] = set()
    for email in emails:
        name = free_username(email, taken)
        assert re.match(PATTERN, name)
        assert len(name) <= LONGEST
        assert name not in taken
        taken.add(name)


def test_a_taken_username_gets_the_lowest_free_number(db: None) -> None:
    names = [User.objects.create_user(f"ada@{place}.example.com").username for place in ("a", "b", "c")]
    assert names == ["ada", "ada-2", "ada-3"]
    User.objects.filter(username="ada-2").delete()
    assert User.objects.create_user("ada@d.example.com").username == "ada-2"


def test_a_long_username_is_cut_for_its_number(db: None) -> None:
    local = "a" * 50
    first, second = (User.objects.create_user(f"{local}@{place}.example.com").username for place in ("a", "b"))
    assert (first, second) == ("a" * 39, "a" * 37 + "-2")


@pytest.mark.parametrize("name", ["", "Ada", "-ada", "ada-", "a.b", "a" * 40, "ada\n"])
def test_the_database_takes_labels_only(db: None, name: str) -> None:
    with pytest.raises(DatabaseError, match=r"user_username_is_label|value too long"):
        make_user(username=name)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_usernames_that_differ() -> None:
    made, start = [], threading.Barrier(8)

    def make(number: int) -> None:
        start.wait()
        made.append(User.objects.create_user(f"ada@{number}.example.com").username)
        connection.close()

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == ["ada", *(f"ada-{number}" for number in range(2, 9))]


@pytest.mark.django_db(transaction=True)
def test_people_from_before_get_usernames_and_the_way_back_is_open() -> None:
    def migrate(name: str) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate([("organizations", name)])
        return executor.loader.project_state([("organizations", name)]).apps

    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    old = migrate("0001_initial").get_model("organizations", "User")
    for place in ("a", "b"):
        old.objects.create(email=f"ada@{place}.example.com")
    new = migrate("0002_usernames_and_limits").get_model("organizations", "User")
    assert sorted(new.objects.values_list("username", flat=True)) == ["ada", "ada-2"]
    assert migrate("0001_initial").get_model("organizations", "User").objects.count() == 2
    MigrationExecutor(connection).migrate(latest)
