"""The README's first command, in a clean clone."""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.newcomer.checkout import Newcomer, Visitor, clean_clone
from tests.newcomer.programs import STOP_SECONDS, ask, wait_until

INSTALL_SECONDS = 600
START_SECONDS = 90
PROVIDERS_SECONDS = 60.0
WORKING = {"built-in", "europe", "sydney"}
READY = "Ctrl-C stops it."
STOPPED = "Everything has stopped."
NO_INDEX = ("connection broken by", "Could not fetch URL", "Failed to establish a new connection")
MADE_BY_RUNNING = re.compile(r"!! (\.venv/|\.data/|(\S+/)?(__pycache__|[\w.]+\.egg-info)/)")


@dataclass(frozen=True)
class FirstRun:
    """What a newcomer saw from the first `make run` to its end."""

    output: str
    email: str
    password: str
    readiness: int
    landed_on: str
    providers: dict[str, str]
    exit_code: int
    left_behind: list[str]


@pytest.fixture(scope="module")
def newcomer() -> Iterator[Newcomer]:
    with clean_clone() as person:
        with person.make("install") as pip:
            code = pip.process.wait(INSTALL_SECONDS)
        if code and is_without_index(pip.output()):
            pytest.skip("pip reaches no package index, so that `make run` can't be tried")
        assert code == 0, pip.output()
        yield person


def is_without_index(output: str) -> bool:
    """Whether pip could not work for want of an index, which CI has."""
    return any(sign in output for sign in NO_INDEX) and os.environ.get("CI") != "true"


@pytest.fixture(scope="module")
def first_run(newcomer: Newcomer) -> FirstRun:
    with newcomer.make("run") as run:
        run.wait_for(READY, START_SECONDS)
        found = re.search(r"sign in as  (\S+)\n  password    (\S+) ", run.output())
        assert found, run.output()
        visitor = Visitor(newcomer.port)
        landed_on = visitor.sign_in(found[1], found[2])
        wait_until(lambda: ready(visitor.providers()) >= WORKING, PROVIDERS_SECONDS)
        readiness, _ = ask(newcomer.port, "/readyz", Host="localhost")
        providers = visitor.providers()
        os.kill(newcomer.supervisor(), signal.SIGINT)
        exit_code = run.process.wait(STOP_SECONDS)
    return FirstRun(run.output(), found[1], found[2], readiness, landed_on, providers, exit_code, newcomer.processes())


def ready(providers: dict[str, str]) -> set[str]:
    return {name for name, status in providers.items() if status == "ready"}


def test_it_prints_the_address_that_it_serves(newcomer: Newcomer, first_run: FirstRun) -> None:
    assert f"CoderAdmin is ready at http://localhost:{newcomer.port}\n" in first_run.output
    assert first_run.readiness == 200


def test_it_takes_the_printed_sign_in_and_shows_the_providers(first_run: FirstRun) -> None:
    assert first_run.landed_on == "/manage/admin/workspace-providers/"
    assert len(first_run.providers) == 5


def test_it_has_working_providers_within_a_minute(first_run: FirstRun) -> None:
    assert ready(first_run.providers) >= WORKING


def test_it_ends_well_when_interrupted(first_run: FirstRun) -> None:
    assert first_run.exit_code == 0
    assert first_run.output.endswith(f"{STOPPED}\n")
    assert first_run.left_behind == []


def test_it_changes_nothing_but_its_own_folders(newcomer: Newcomer, first_run: FirstRun) -> None:
    status = newcomer.git("status", "--porcelain", "--ignored").splitlines()
    assert [line for line in status if not MADE_BY_RUNNING.fullmatch(line)] == []
    assert list(newcomer.home.iterdir()) == []


def test_it_says_where_the_database_is_when_it_is_not_in_the_clone(newcomer: Newcomer, first_run: FirstRun) -> None:
    """Only root needs that: PostgreSQL does not run as root, and nobody else may enter this clone."""
    assert (newcomer.postgres_folder() is not None) == (os.geteuid() == 0)
    assert str(newcomer.postgres_folder() or newcomer.checkout) in first_run.output


def test_a_later_start_keeps_sign_in_and_providers(newcomer: Newcomer, first_run: FirstRun) -> None:
    with newcomer.make("run") as run:
        run.wait_for(READY, START_SECONDS)
        visitor = Visitor(newcomer.port)
        visitor.sign_in(first_run.email, first_run.password)
        assert visitor.providers().keys() == first_run.providers.keys()
        assert f"sign in as  {first_run.email}" in run.output()
        assert "password" not in run.output()
        run.interrupt()
        assert run.output().endswith(f"{STOPPED}\n")
    assert newcomer.processes() == []


def test_it_leaves_nothing_behind_when_killed(newcomer: Newcomer) -> None:
    with newcomer.make("run") as run:
        run.wait_for(READY, START_SECONDS)
        assert len(newcomer.processes()) > 8
        os.kill(newcomer.supervisor(), signal.SIGKILL)
        assert run.process.wait(STOP_SECONDS) != 0
        wait_until(lambda: newcomer.processes() == [], 20)
        assert newcomer.processes() == []
