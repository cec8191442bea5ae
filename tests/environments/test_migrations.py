"""The migrations of environments, forwards and backwards, on a database with people's things in it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, SECOND, THIRD = "0001_initial", "0002_lifecycle", "0003_allowlist_holds"


@pytest.fixture
def migrate() -> Iterator[Callable[[str], Any]]:
    """To a migration of environments; gives the models as they are there. Afterwards the schema is the newest."""

    def migrate(name: str) -> Any:
        executor = MigrationExecutor(connection)
        executor.migrate([("environments", name)])
        others = [node for node in executor.loader.graph.leaf_nodes() if node[0] != "environments"]
        return executor.loader.project_state([*others, ("environments", name)]).apps

    yield migrate
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def fill(apps: Any, statuses: list[str], *, allowed: bool, **fields: Any) -> dict[str, Any]:
    """One environment of each status, of one person, by id."""
    user = apps.get_model("organizations", "User").objects.create(email="ada@example.com", username="ada")
    organization = apps.get_model("organizations", "Organization").objects.create(name="Data Science")
    provider = apps.get_model("providers", "WorkspaceProvider").objects.create(
        name="sydney",
        hostname="https://sydney.coder.example.com",
        cluster_address="https://203.0.113.7:6443",
        namespace="coder",
        credential_kind="fields",
    )
    if allowed:
        entry = apps.get_model("providers", "AllowlistEntry")
        entry.objects.create(provider=provider, organization=organization)
    environments = apps.get_model("environments", "Environment").objects
    made = {}
    for status in statuses:
        places = {"owner": user, "organization": organization, "provider": provider}
        made[status] = environments.create(id=uuid4(), name=f"of-{status}", status=status, **places, **fields).pk
    return made


def statuses(apps: Any) -> dict[Any, str]:
    return dict(apps.get_model("environments", "Environment").objects.values_list("pk", "status"))


def entries(apps: Any) -> list[tuple[str, bool]]:
    rows = apps.get_model("providers", "AllowlistEntry").objects.all()
    return list(rows.values_list("organization__name", "closing"))


def test_environments_of_the_first_release_keep_their_meaning(migrate: Callable[[str], Any]) -> None:
    made = fill(migrate(FIRST), ["building", "running", "off", "failed"], allowed=True)
    apps = migrate(SECOND)
    assert statuses(apps) == {
        made["building"]: "creating",
        made["running"]: "on",
        made["off"]: "off",
        made["failed"]: "failed",
    }
    environment = apps.get_model("environments", "Environment").objects.get(pk=made["running"])
    assert (environment.cpu_cores, environment.disk_gb, environment.revision) == (2, 10, 1)
    assert environment.image


def test_the_way_back_keeps_every_environment(migrate: Callable[[str], Any]) -> None:
    made = fill(migrate(THIRD), ["creating", "on", "off", "failed", "unknown"], allowed=True, image="codercom/base")
    apps = migrate(FIRST)
    assert statuses(apps) == {
        made["creating"]: "building",
        made["on"]: "running",
        made["off"]: "off",
        made["failed"]: "failed",
        made["unknown"]: "failed",
    }
    assert statuses(migrate(THIRD))[made["on"]] == "on"


def test_environments_from_before_the_rule_are_admitted_and_no_more(migrate: Callable[[str], Any]) -> None:
    fill(migrate(SECOND), ["on", "off"], allowed=False, image="codercom/base")
    assert entries(migrate(THIRD)) == [("Data Science", True)]


def test_what_was_allowed_before_the_rule_stays_open(migrate: Callable[[str], Any]) -> None:
    fill(migrate(SECOND), ["on"], allowed=True, image="codercom/base")
    assert entries(migrate(THIRD)) == [("Data Science", False)]


def test_from_then_on_the_database_holds_it_and_not_any_more_on_the_way_back(migrate: Callable[[str], Any]) -> None:
    apps = migrate(THIRD)
    fill(apps, ["on"], allowed=True, image="codercom/base")
    entry = apps.get_model("providers", "AllowlistEntry").objects
    with (
        pytest.raises(IntegrityError, match="environment_is_allowed"),
        transaction.atomic(),
        connection.cursor() as sql,
    ):
        sql.execute("DELETE FROM providers_allowlistentry")
    assert entry.count() == 1
    migrate(SECOND)
    with connection.cursor() as sql:
        sql.execute("DELETE FROM providers_allowlistentry")
        sql.execute("DELETE FROM environments_environment")


def test_the_images_of_all_environments_are_known_with_their_tags(migrate: Callable[[str], Any]) -> None:
    fill(migrate("0004_sessions"), ["on", "off", "failed"], allowed=True, image="team/node", tag="22")
    migrate("0004_sessions").get_model("environments", "Environment").objects.filter(status="off").update(tag="23")
    migrate("0004_sessions").get_model("environments", "Environment").objects.filter(status="failed").update(tag="23")
    [image] = migrate("0005_images").get_model("environments", "Image").objects.all()
    assert (image.repository, image.organization.name, image.default_disk_gb) == ("team/node", "Data Science", 10)
    assert set(image.tags.values_list("tag", "is_default")) == {("22", False), ("23", True)}
    migrate("0004_sessions")
