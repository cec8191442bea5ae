"""Everybody who may send a request, and one object of each kind that it may be about. The walks share it."""

from dataclasses import dataclass

from axes.models import AccessAttempt
from django.conf import settings
from django.db import models
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import SYSTEM, record
from authentication.models import Session
from environments.models import Environment, EnvironmentOperation, EnvironmentSession, Image
from infrastructure.choices import RolloutKind
from infrastructure.models import Rollout, RolloutStep
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import ApiToken, Organization, User
from providers.models import EnvproxyToken, Operation, StatusChange, WorkspaceProvider
from tests.api.things import make_token
from tests.authentication.things import make_session
from tests.environments.things import make_member, make_work
from tests.factories import (
    CLIENT_KEY,
    CLUSTER_TOKEN,
    make_built_in,
    make_environment,
    make_operation,
    make_provider,
    make_status_change,
)
from tests.infrastructure.rollouts import checked_change
from tests.people import make_organization, make_support_person, make_user

CANARY = "quokka"
"""In the name of each object. No page says this word by itself."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What a request may be about. No refusal may tell a name in it."""

    organization: Organization
    provider: WorkspaceProvider
    environment: Environment
    operation: Operation
    work: EnvironmentOperation
    owner: User
    token: ApiToken
    session: Session
    envproxy_token: EnvproxyToken
    step: RolloutStep
    site_manager: User

    def secrets(self) -> set[str]:
        digests = {self.token.digest, self.session.digest, self.envproxy_token.digest}
        return digests | {CLUSTER_TOKEN, CLIENT_KEY, self.owner.password, str(settings.SECRET_KEY)}

    def rows(self) -> dict[type[models.Model], models.Model]:
        """One of each model that support staff look at."""
        found = [self.organization, self.provider, self.environment, self.operation, self.work, self.owner]
        newest = (AuditEvent, StatusChange, EnvironmentSession, Image, AccessAttempt)
        more = [model._default_manager.latest("pk") for model in newest]
        return {type(row): row for row in [*found, *more, self.step.rollout, self.step.rollout.change]}


def make_world() -> World:
    make_built_in()
    make_organization(is_default=True)
    organization = make_organization(name="Quokka Organization")
    provider = make_provider(name="quokka-provider", organizations=[organization])
    owner = make_member(organization, email="quokka@example.org", name="Quokka Person")
    make_token(owner, name="quokka token")
    environment = make_environment(provider, owner=owner, organization=organization, name="quokka-environment")
    _make_rows(environment)
    return World(
        organization=organization,
        provider=provider,
        environment=environment,
        operation=make_operation(make_provider(name="quokka-provider-too"), lines=["quokka"]),
        work=make_work(make_environment(owner=owner, organization=organization, name="quokka-too"), lines=["quokka"]),
        owner=owner,
        token=owner.api_tokens.get(),
        session=make_session(owner),
        envproxy_token=EnvproxyToken.objects.create(provider=provider, digest="d1" * 32),
        step=make_step(provider),
        site_manager=make_user(SiteRole.MANAGER),
    )


def _make_rows(environment: Environment) -> None:
    """Those that support staff look at and no address names elsewhere."""
    owner = environment.owner
    record(actor=SYSTEM, action="environment.create", target=environment, organization=environment.organization_id)
    make_status_change(environment.provider)
    image = Image.objects.create(organization=environment.organization, repository="quokka/image")
    image.tags.create(tag="latest")
    AccessAttempt.objects.create(username=owner.email, ip_address="192.0.2.9", failures_since_start=50)
    EnvironmentSession.objects.create(
        user=owner, environment=environment, ticket_digest="e1" * 32, auth_hash="f1", expires_at=timezone.now()
    )


def make_step(provider: WorkspaceProvider) -> RolloutStep:
    """Of a change of the access URL that is planned."""
    change = checked_change("https://quokka.example.org")
    rollout = Rollout.objects.create(kind=RolloutKind.ACCESS_URL, change=change)
    return RolloutStep.objects.create(rollout=rollout, provider=provider, provider_name=provider.name, position=0)


def make_people(world: World) -> dict[str, User]:
    """By what they are to `world`: the owner of its environment, a member of its organization or of another one."""
    elsewhere = make_organization()
    return {
        "member": make_user(),
        "auditor": make_user(SiteRole.AUDITOR),
        "owner": world.owner,
        "organization_member": make_member(world.organization),
        "member_elsewhere": make_member(elsewhere),
        "organization_manager": make_member(world.organization, OrganizationRole.MANAGER),
        "manager_elsewhere": make_member(elsewhere, OrganizationRole.MANAGER),
        "site_manager": make_user(SiteRole.MANAGER),
        "site_admin": make_user(SiteRole.ADMIN),
        "support": make_support_person(),
        "must_change_password": make_support_person(SiteRole.MANAGER, must_change_password=True),
        "revoked": make_support_person(SiteRole.MANAGER),
    }


def tells(text: str, *, to: User | None = None) -> bool:
    """Whether an answer holds a name of the world, other than that of the person who asks."""
    for own in (to.email, to.name) if to else ():
        text = text.replace(own, "") if own else text
    return CANARY in text.lower()
