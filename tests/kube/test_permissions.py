from providers.kube.access import grouped
from providers.kube.permissions import INSTALL, RUN


def test_whoever_installs_holds_everything_that_he_grants() -> None:
    install = {(each.group, each.resource, verb) for each in INSTALL for verb in each.verbs}
    run = {(each.group, each.resource, verb) for each in RUN for verb in each.verbs}
    assert run < install


def test_every_resource_is_listed_once() -> None:
    names = [(each.group, each.resource) for each in INSTALL]
    assert len(names) == len(set(names))


def test_no_permission_is_a_wildcard() -> None:
    assert not [each for each in INSTALL if "*" in (each.group, each.resource, *each.verbs)]


def test_denied_verbs_are_grouped_by_resource() -> None:
    needs = [("", "pods", "create"), ("", "pods", "delete"), ("", "secrets", "list")]
    assert grouped(needs) == "create, delete pods; list secrets"
