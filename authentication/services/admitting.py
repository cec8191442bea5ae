"""A person whom the provider has let in: whose account that is, and which roles follow from the claims."""

from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from audit.models import AuditEvent
from audit.services import Actor, record
from authentication.claims import Person, Roles, Rule, roles_for
from authentication.configuration import ClaimRule, Configuration
from authentication.errors import (
    LinkedElsewhereError,
    LinkFirstError,
    LinkingNowError,
    NotWelcomeError,
    UnusableEmailError,
    UnverifiedError,
)
from authentication.services.linking import link_of, make_link
from organizations.choices import OrganizationRole, SiteRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization, User
from organizations.services import add_member, create_user, remove_member, set_member_role, set_site_role
from organizations.services.invitations import accept_invitation
from organizations.services.locking import locked_organizations, locked_user
from organizations.ways_in import needs_link

BY_CLAIM = "OpenID Connect claim"


@transaction.atomic
def admit(*, person: Person, configuration: Configuration, address: str | None) -> User:
    """Finds, links or makes the account, and gives it the roles of its groups. Repeatable. Raises NotWelcomeError."""
    actor = Actor(address=address, alias=BY_CLAIM)
    rules = load_rules()
    organizations = locked_organizations({rule.organization for rule in rules if rule.organization})
    _one_at_a_time(person)
    user = locked_user(_account_of(person, configuration, actor))
    if not user.is_active:
        raise NotWelcomeError
    if user.must_change_password:
        _end_temporary_password(actor, user)
    accept_invitation(actor=actor, user=user)
    _give(actor, user, roles_for(person.groups, rules), organizations)
    return User.objects.get(pk=user.pk)


def rehearse(*, person: Person, configuration: Configuration) -> list[str]:
    """What would happen if the person signed in, in sentences; nothing of it does."""
    try:
        with transaction.atomic():
            user = admit(person=person, configuration=configuration, address=None)
            roles = [f"{each.get_role_display()} of {each.organization}" for each in user.memberships.select_related()]
            transaction.set_rollback(True)
    except NotWelcomeError as refusal:
        return [f"{refusal.title}.", *refusal.sentences]
    known = User.objects.filter(pk=user.pk).exists()
    return [
        f"{user} ({user.email}) would sign in." if known else f"An account for {user.email} would be made.",
        f"Site role: {user.get_site_role_display()}.",
        f"Organizations: {', '.join(sorted(roles)) or 'none'}.",
    ]


def load_rules() -> list[Rule]:
    """One query."""
    return [
        Rule(
            value=row.value,
            site_role=row.site_role,
            organization=row.organization_id,
            organization_role=row.organization_role,
        )
        for row in ClaimRule.objects.all()
    ]


def _account_of(person: Person, configuration: Configuration, actor: Actor) -> User:
    """Raises NotWelcomeError."""
    linked = SocialAccount.objects.select_related("user").filter(provider=configuration.issuer, uid=person.subject)
    if row := linked.first():
        row.save(update_fields=["last_login"])
        return row.user
    if not person.email or not person.is_verified:
        raise UnverifiedError
    user = User.objects.filter(email=person.email).first()
    if user is None:
        user = _made(person, configuration, actor)
    elif not user.is_active:
        raise NotWelcomeError
    elif needs_link(user):
        raise LinkFirstError
    elif link_of(user, configuration.issuer):
        raise LinkedElsewhereError
    try:
        make_link(actor=actor, user=user, person=person, issuer=configuration.issuer)
    except RefusedError as refusal:
        raise LinkingNowError from refusal
    return user


def _made(person: Person, configuration: Configuration, actor: Actor) -> User:
    """Without a password. Raises NotWelcomeError when accounts are not made here, or not with such an e-mail."""
    if not configuration.creates_accounts:
        raise NotWelcomeError
    try:
        user, _ = create_user(actor=actor, email=person.email, name=person.name)
    except ValidationError as error:
        raise UnusableEmailError from error
    user.set_unusable_password()
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    return user


def _end_temporary_password(actor: Actor, user: User) -> None:
    """Nobody could change it: this way in does not tell it."""
    user.set_unusable_password()
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record(actor=actor, action="user.end_password", target=user)


def _give(actor: Actor, user: User, roles: Roles, organizations: dict[UUID, Organization]) -> None:
    """The site admin stays what it is. A membership that holds environments stays, too, and a row tells of it."""
    present = dict(
        Membership.objects.filter(user=user, organization__in=organizations).values_list("organization_id", "role")
    )
    for pk, role in sorted(roles.organizations.items()):
        if pk in organizations and present.get(pk) != role:
            _set_membership(actor, user, organizations[pk], present.get(pk), role)
    if roles.site_role is not None and user.site_role != SiteRole.ADMIN:
        set_site_role(actor=actor, user=user, site_role=roles.site_role)


def _set_membership(
    actor: Actor, user: User, organization: Organization, present: str | None, role: OrganizationRole | None
) -> None:
    if role is None:
        _remove(actor, user, organization)
    elif present is None:
        add_member(actor=actor, organization=organization, user=user, role=role)
    else:
        set_member_role(actor=actor, organization=organization, user=user, role=role)


def _remove(actor: Actor, user: User, organization: Organization) -> None:
    try:
        with transaction.atomic():
            remove_member(actor=actor, organization=organization, user=user)
    except RefusedError as refusal:
        record(
            actor=actor,
            action="organization.remove_member",
            target=organization,
            before={"member": user.email},
            after={"refused": refusal.message},
            outcome=AuditEvent.Outcome.FAILED,
            organization=organization.pk,
        )


def _one_at_a_time(person: Person) -> None:
    """Of two first sign-ins at once the second finds what the first has made."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {person.email}"])
