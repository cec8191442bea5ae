"""Organizations, allowlists, environments, cordons, defaults and deletions at random: the rules hold after every step.

The clusters are faked at our border (`providers.kube.environments`): the rules are about the database. Workers run in
this process. Each example runs in a transaction of its own that is rolled back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from audit.models import AuditEvent
from audit.services import Actor
from environments.models import Environment
from environments.placement import place
from environments.services import Plan, create_environment, delete_environment, start_environment, stop_environment
from environments.services.organizations import create_organization, delete_organization
from environments.services.working import run_environment_operation
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from organizations.services import add_member, remove_member, set_default_organization
from providers.choices import Access, CredentialKind, ProviderStatus
from providers.kube import environments as cluster
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.services import cordon_provider, request_delete, set_default_provider, uncordon_provider
from providers.services.allowlist import change_allowlist
from providers.services.running import run_operation
from tests.factories import make_built_in, make_environment, make_provider
from tests.people import make_organization, make_user

MOST = 4  # of each kind: few, so that steps meet
which = st.integers(0, MOST - 1)
sizes = st.sampled_from((1, 2, 8))


class Deployment(RuleBasedStateMachine):
    """A deployment with one site manager who does everything that a rule allows."""

    @initialize()
    def start(self) -> None:
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.actor = Actor(user=make_user(SiteRole.MANAGER))
        self.built_in = make_built_in(credential_kind=CredentialKind.FIELDS)
        home = make_organization(is_default=True)
        AllowlistEntry.objects.create(provider=self.built_in, organization=home)
        self.people = [make_user() for _ in range(3)]
        for person in self.people:
            add_member(actor=self.actor, organization=home, user=person)
        self.numbers = iter(range(10_000))
        other = make_organization()
        provider = make_provider(organizations=[home, other])
        for person in self.people[:2]:
            add_member(actor=self.actor, organization=other, user=person)
            make_environment(provider, owner=person, organization=other, name="first")

    def teardown(self) -> None:
        if hasattr(self, "outer"):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    @contextmanager
    def step(self) -> Iterator[None]:
        """A refusal leaves no audit row; and nothing but a refusal may go wrong."""
        before = AuditEvent.objects.count()
        try:
            with transaction.atomic():
                yield
        except RefusedError:
            assert AuditEvent.objects.count() == before

    def one(self, model: type, number: int) -> Any:
        rows = list(model._default_manager.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    @rule(quota=st.sampled_from((None, 4, 16)))
    def make_an_organization(self, quota: int | None) -> None:
        if Organization.objects.count() < MOST:
            with self.step():
                name = f"organization {next(self.numbers)}"
                create_organization(actor=self.actor, fields={"name": name, "quota_cpu_cores": quota})

    @rule(number=which)
    def delete_an_organization(self, number: int) -> None:
        with self.step():
            delete_organization(actor=self.actor, organization=self.one(Organization, number))

    @rule(number=which)
    def move_the_default_organization(self, number: int) -> None:
        with self.step():
            set_default_organization(actor=self.actor, organization=self.one(Organization, number))

    @rule(status=st.sampled_from(ProviderStatus.values))
    def register_a_provider(self, status: str) -> None:
        if WorkspaceProvider.objects.count() < MOST:
            make_provider(name=f"p{next(self.numbers)}", status=status)

    @rule(number=which, status=st.sampled_from(ProviderStatus.values))
    def a_check_ends(self, number: int, status: str) -> None:
        WorkspaceProvider.objects.filter(pk=self.one(WorkspaceProvider, number).pk).update(status=status)

    @rule(number=which, cordon=st.booleans())
    def cordon_or_uncordon(self, number: int, cordon: bool) -> None:
        provider = self.one(WorkspaceProvider, number)
        with self.step():
            if cordon:
                cordon_provider(actor=self.actor, provider=provider, reason="because")
            else:
                uncordon_provider(actor=self.actor, provider=provider)

    @rule(number=which)
    def move_the_default_provider(self, number: int) -> None:
        with self.step():
            set_default_provider(actor=self.actor, provider=self.one(WorkspaceProvider, number))

    @rule(number=which, and_environment=st.booleans())
    def delete_a_provider(self, number: int, and_environment: bool) -> None:
        provider = self.one(WorkspaceProvider, number)
        with self.step():
            operation = request_delete(actor=self.actor, provider=provider, leave_release=True)
            if and_environment:
                self.create_an_environment(number, 0, 0, 1)
            run_operation(operation.pk)

    @rule(wishes=st.dictionaries(st.tuples(which, which), st.sampled_from(Access), min_size=1, max_size=4))
    def change_allowlists(self, wishes: dict[tuple[int, int], Access]) -> None:
        named = {
            (self.one(WorkspaceProvider, provider).pk, self.one(Organization, organization).pk): access
            for (provider, organization), access in wishes.items()
        }
        with self.step():
            change_allowlist(actor=self.actor, wishes=named)
            present = {(entry.provider_id, entry.organization_id) for entry in AllowlistEntry.objects.all()}
            for pair, access in named.items():
                assert (pair in present) or access != Access.OPEN

    @rule(person=which, organization=which, join=st.booleans())
    def join_or_leave(self, person: int, organization: int, join: bool) -> None:
        chosen, user = self.one(Organization, organization), self.people[person % 3]
        with self.step():
            if join:
                add_member(actor=self.actor, organization=chosen, user=user)
            else:
                remove_member(actor=self.actor, organization=chosen, user=user)

    @rule(provider=which, organization=which, person=which, cpu=sizes)
    def create_an_environment(self, provider: int, organization: int, person: int, cpu: int) -> None:
        chosen, belongs = self.one(WorkspaceProvider, provider), self.one(Organization, organization)
        owner = self.people[person % 3]
        plan = Plan(name=f"e{next(self.numbers)}", image="codercom/enterprise-base", cpu_cores=cpu)
        answer = place(owner, belongs, chosen, plan.size())
        made = None
        with self.step():
            made = create_environment(actor=self.actor, owner=owner, organization=belongs, provider=chosen, plan=plan)
            run_environment_operation(made.operations.get().pk)
        assert (made is not None) == answer.allowed, [rule.text for rule in answer.refusals]
        if made is not None:
            chosen.refresh_from_db()
            assert (chosen.status, chosen.cordoned_at) == (ProviderStatus.READY, None)
            assert AllowlistEntry.objects.filter(provider=chosen, organization=belongs, closing=False).exists()
            assert belongs.quota_cpu_cores is None or self.cpu_cores_of(owner, belongs) <= belongs.quota_cpu_cores

    @rule(number=which, person=which, cpu=sizes)
    def create_an_environment_where_it_may_be(self, number: int, person: int, cpu: int) -> None:
        if entry := self.one(AllowlistEntry, number):
            if not Membership.objects.filter(user=self.people[person % 3], organization=entry.organization).exists():
                add_member(actor=self.actor, organization=entry.organization, user=self.people[person % 3])
            providers, organizations = (list(each.objects.order_by("pk")) for each in (WorkspaceProvider, Organization))
            provider, organization = providers.index(entry.provider), organizations.index(entry.organization)
            self.create_an_environment(provider=provider, organization=organization, person=person, cpu=cpu)

    def cpu_cores_of(self, owner: User, organization: Organization) -> Any:
        return Environment.objects.filter(owner=owner, organization=organization).aggregate(sum=Sum("cpu_cores"))["sum"]

    @rule(number=which, access=st.sampled_from(Access))
    def change_access_where_environments_are(self, number: int, access: Access) -> None:
        if environment := self.one(Environment, number):
            pair = (environment.provider_id, environment.organization_id)
            with self.step():
                change_allowlist(actor=self.actor, wishes={pair: access})
                assert access != Access.NONE

    @rule(number=which, verb=st.sampled_from((start_environment, stop_environment, delete_environment)))
    def act_on_an_environment(self, number: int, verb: Any) -> None:
        if environment := self.one(Environment, number):
            with self.step():
                if operation := verb(actor=self.actor, environment=environment):
                    run_environment_operation(operation.pk)
                    assert verb is not delete_environment or not Environment.objects.filter(pk=environment.pk).exists()

    @invariant()
    def exactly_one_default_and_one_built_in(self) -> None:
        counts = WorkspaceProvider.objects.aggregate(
            default=Count("pk", filter=Q(is_default=True)), built_in=Count("pk", filter=Q(built_in=True))
        )
        assert counts == {"default": 1, "built_in": 1}
        assert Organization.objects.filter(is_default=True).count() == 1

    @invariant()
    def each_organization_keeps_an_open_provider(self) -> None:
        entry = AllowlistEntry.objects.filter(organization=OuterRef("pk"), closing=False)
        assert not Organization.objects.exclude(Exists(entry)).exists()

    @invariant()
    def environments_are_where_their_organization_is_allowed(self) -> None:
        pairs = set(Environment.objects.values_list("provider", "organization").distinct())
        assert pairs <= set(AllowlistEntry.objects.values_list("provider", "organization"))

    @invariant()
    def a_closing_entry_has_environments(self) -> None:
        held = Environment.objects.filter(provider=OuterRef("provider"), organization=OuterRef("organization"))
        assert not AllowlistEntry.objects.filter(closing=True).exclude(Exists(held)).exists()

    @invariant()
    def owners_belong_to_the_organization(self) -> None:
        member = Membership.objects.filter(user=OuterRef("owner"), organization=OuterRef("organization"))
        assert not Environment.objects.exclude(Exists(member)).exists()


async def _apply(target: Any, spec: Any, on_line: Any) -> None:
    on_line("applied")


async def _stop(target: Any, object_name: str) -> bool:
    return True


async def _delete(target: Any, object_name: str) -> list[str]:
    return []


def _observed(states: Iterator[str]) -> Any:
    async def observe(target: Any, object_name: str) -> cluster.Observation:
        return cluster.Observation(state=next(states), problems=())

    return observe


@pytest.fixture
def obedient_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is waited for is so by the second look at the latest."""

    def alternating() -> Iterator[str]:
        while True:
            yield from ("on", "off")

    monkeypatch.setattr(cluster, "apply_environment", _apply)
    monkeypatch.setattr(cluster, "stop_environment", _stop)
    monkeypatch.setattr(cluster, "delete_environment", _delete)
    monkeypatch.setattr(cluster, "observe_environment", _observed(alternating()))
    monkeypatch.setattr("environments.services.working.POLL_SECONDS", 0)
    for module in ("providers.services.run", "environments.services.working"):  # a worker is in no transaction; we are
        monkeypatch.setattr(f"{module}.close_old_connections", lambda: None)


@pytest.mark.django_db
@pytest.mark.usefixtures("obedient_clusters")
def test_the_rules_hold_after_every_step() -> None:
    run_state_machine_as_test(
        Deployment,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
