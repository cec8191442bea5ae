"""Environments from the command line."""

import pytest

from environments.models import Environment
from organizations.models import Organization, User
from tests.client.conftest import Shell, Shells
from tests.environments.things import make_work
from tests.factories import make_built_in, make_environment
from tests.people import add_member, make_organization, make_user


@pytest.fixture
def acme(member: User) -> Organization:
    acme = make_organization(name="acme")
    make_built_in(organizations=[acme])
    add_member(acme, member)
    return acme


@pytest.fixture
def mine(shell_of: Shells, member: User, acme: Organization) -> Shell:
    return shell_of(member)


def test_an_environment_lives(mine: Shell) -> None:
    image = ["--image", "codercom/enterprise-base"]
    made = mine.json("envs", "create", "dev", "--organization", "acme", *image, "--cpu", "1", "--disk", "5")
    assert (made["cpu_cores"], made["disk_gb"], made["operation"]["kind"]) == (1.0, 5, "create")
    assert "name:" in mine.run("envs", "create", "Dev Two", "--organization", "acme", *image, code=2).stderr
    assert "under way" in mine.run("envs", "stop", "dev", code=3).stderr
    assert mine.json("operations", "show", made["operation"]["id"])["kind"] == "create"
    mine.run("operations", "cancel", made["operation"]["id"], "--yes")
    assert "dev" in mine.run("envs", "ls", "--provider", "built-in", "--organization", "acme").stdout
    assert "codercom/enterprise-base:latest" in mine.run("envs", "show", "dev").stdout
    assert "--yes" in mine.run("envs", "rm", "dev", code=2).stderr
    assert "under way" in mine.run("envs", "rm", "dev", "--yes").stdout


def test_start_stop_and_rebuild(mine: Shell, member: User, acme: Organization) -> None:
    environment = make_environment(owner=member, organization=acme, name="dev")
    assert "on already" in mine.run("envs", "start", "dev").stdout
    assert "Stop of dev is under way." in mine.run("envs", "stop", "dev").stdout
    environment.operations.all().delete()
    assert mine.json("envs", "rebuild", "dev", "--tag", "next", "--yes")["kind"] == "rebuild"
    assert Environment.objects.get().tag == "next"


def test_logs(mine: Shell, member: User, acme: Organization) -> None:
    environment = make_environment(owner=member, organization=acme, name="dev")
    assert "has no log" in mine.run("envs", "logs", "dev", code=2).stderr
    make_work(environment, lines=["Pulling the image"], state="succeeded")
    assert mine.run("envs", "logs", "dev").stdout == "· Pulling the image\n"
    assert "Pulling" in mine.run("envs", "logs", "dev", "--follow").stdout


def test_two_of_one_name_are_told_apart_by_id(shell: Shell, acme: Organization, member: User) -> None:
    one = make_environment(owner=member, organization=acme, name="dev")
    other = make_environment(owner=make_user(), organization=acme, name="dev")
    refused = shell.run("envs", "show", "dev", code=2).stderr
    assert str(one.pk) in refused and str(other.pk) in refused
    assert shell.json("envs", "show", str(other.pk))["owner"]["email"] == other.owner.email


def test_what_is_not_yours_is_not_there(mine: Shell, acme: Organization) -> None:
    other = make_environment(owner=make_user(), organization=acme, name="theirs")
    mine.run("envs", "show", "theirs", code=1)
    mine.run("envs", "rm", str(other.pk), "--yes", code=1)
