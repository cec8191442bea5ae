"""One of two hosts is cut off in the middle of sweeps, deploys and an access URL change: nothing lost, nothing twice.

Its parts build on each other and run in order, on one deployment.
"""

from collections.abc import Iterator

import pytest

from tests.clusters import eventually
from tests.hosts.deployment import TwoHosts, running_on_two_hosts
from tests.hosts.network import why_not

OLD_HOST, NEW_HOST = "coder.localhost", "localhost"
MOMENT, ROLLOUT = 90, 240  # seconds

WHY_NOT = why_not()
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(WHY_NOT), reason=f"two hosts: {WHY_NOT}"),
]


@pytest.fixture(scope="module")
def hosts() -> Iterator[TwoHosts]:
    with running_on_two_hosts(OLD_HOST) as hosts:
        yield hosts


def expect_deployed(hosts: TwoHosts, operation: str, *, attempts: int) -> None:
    assert eventually(lambda: hosts.ask("operation", operation)["state"] not in ("queued", "running"), MOMENT)
    assert hosts.ask("operation", operation) == {"state": "succeeded", "attempts": attempts, "ends": 1, "error": ""}


def expect_all_checked(hosts: TwoHosts) -> None:
    moment = hosts.ask("now")
    assert eventually(lambda: hosts.ask("unchecked_since", moment) == [], MOMENT), hosts.ask("unchecked_since", moment)


def test_either_host_does_all_the_work(hosts: TwoHosts) -> None:
    assert hosts.status_of_second(OLD_HOST) == 200
    with hosts.first_does_no_work():
        expect_deployed(hosts, hosts.ask("deploy", "tokyo"), attempts=1)
        expect_all_checked(hosts)


def test_a_host_is_cut_off_in_the_middle_of_a_deploy(hosts: TwoHosts) -> None:
    with hosts.first_does_no_work(), hosts.pulling_the_cable_when_deployed("mumbai"):
        operation = hosts.ask("deploy", "mumbai")
    assert hosts.readiness_of_second() == 0
    expect_all_checked(hosts)
    expect_deployed(hosts, operation, attempts=2)
    hosts.second.plug_it_in()
    assert eventually(lambda: hosts.readiness_of_second() == 200, MOMENT)
    expect_deployed(hosts, operation, attempts=2)


def test_it_works_again_without_a_restart(hosts: TwoHosts) -> None:
    with hosts.first_does_no_work():
        expect_deployed(hosts, hosts.ask("deploy", "oslo"), attempts=1)
        expect_all_checked(hosts)


def test_a_host_is_cut_off_in_the_middle_of_an_access_url_change(hosts: TwoHosts) -> None:
    hosts.ask("change", f"http://{NEW_HOST}:{hosts.fleet.port}")
    assert eventually(lambda: "confirmed" in hosts.ask("steps")["states"].values(), MOMENT), hosts.ask("steps")
    hosts.second.pull_the_cable()
    assert eventually(lambda: hosts.ask("steps")["change"] == "confirmed", ROLLOUT), hosts.ask("steps")
    found = hosts.ask("steps")
    assert found["states"] == dict.fromkeys(hosts.fleet.environments, "confirmed")
    assert found["deploys"] == dict.fromkeys(hosts.fleet.environments, 1)
    hosts.ask("end_change")
    hosts.second.plug_it_in()
    assert eventually(lambda: hosts.readiness_of_second() == 200, MOMENT)
    assert eventually(lambda: hosts.status_of_second(OLD_HOST) == 400, MOMENT)
    assert hosts.status_of_second(NEW_HOST) == 200
