"""How people sign in to this deployment, changed by the site admin. No audit row holds the client secret."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.services import Actor, record
from authentication.claims import Rule
from authentication.configuration import ClaimRule, Configuration
from authentication.errors import StaleError
from authentication.policies import require_manage_configuration
from authentication.probing import Client, prove
from authentication.services.linking import link_of
from coderadmin.encryption import UndecryptableError, unseal
from organizations.errors import RefusedError
from organizations.models import User
from organizations.services.locking import locked_organizations

CONNECTION = ("issuer", "client_id", "client_secret")
SHOWN = ("issuer", "client_id", "scopes", "groups_claim", "button_label", "creates_accounts")
MASK = "******"


@sensitive_variables()
def save_openid_connect(
    *, actor: Actor, seen: int, values: Mapping[str, Any], rules: Sequence[Rule], redirect_uri: str
) -> Configuration:
    """`values`: those of SHOWN that change, and `client_secret` unless it stays. They are tried first, which may take a
    minute; whatever fails changes nothing.

    Raises ProviderError, RefusedError when somebody else was faster than `seen`, PermissionDenied.
    """
    require_manage_configuration(actor)
    present = Configuration.load()
    _require_unchanged(present, seen)
    wanted = {name: getattr(present, name) for name in (*SHOWN, "client_secret")} | dict(values)
    client = {name: wanted[name] for name in ("issuer", "client_id")}
    prove(Client(**client, client_secret=_opened(wanted["client_secret"]), redirect_uri=redirect_uri))
    return _store(actor=actor, seen=seen, wanted=wanted, rules=rules)


@transaction.atomic
def _store(*, actor: Actor, seen: int, wanted: Mapping[str, Any], rules: Sequence[Rule]) -> Configuration:
    row = Configuration.locked()
    _require_unchanged(row, seen)
    _require_organizations(rules)
    old_rules, new_rules = described_rules(), sorted(set(rules), key=lambda rule: (rule.value, str(rule)))
    changed = [name for name in SHOWN if getattr(row, name) != wanted[name]]
    before, after = {name: getattr(row, name) for name in changed}, {name: wanted[name] for name in changed}
    secret_changed = _opened(row.client_secret) != _opened(wanted["client_secret"])
    if secret_changed:
        before["client_secret"], after["client_secret"] = MASK if row.client_secret else "", MASK
    for name, value in wanted.items():
        setattr(row, name, value)
    ClaimRule.objects.all().delete()
    ClaimRule.objects.bulk_create(_row_of(rule) for rule in new_rules)
    if (now := described_rules()) != old_rules:
        before["rules"], after["rules"] = old_rules, now
    if not after:
        return row
    if set(after) & set(CONNECTION):
        row.connection_changed_at = timezone.now()
    return _saved(actor, row, "authentication.update", before, after)


@transaction.atomic
def set_openid_connect(*, actor: Actor, on: bool) -> Configuration:
    """Raises RefusedError, PermissionDenied."""
    require_manage_configuration(actor)
    row = Configuration.locked()
    if row.openid_connect == on:
        return row
    if on and not row.issuer:
        raise RefusedError("There is no sign-in service yet.", remedy="Set it up first.")
    if not on and not row.built_in:
        raise RefusedError("It is the only way in.", remedy="Switch built-in sign-in on first.")
    row.openid_connect = on
    return _switched(actor, row, "openid_connect", on)


@transaction.atomic
def set_built_in(*, actor: Actor, on: bool, way_in: str = "") -> Configuration:
    """`way_in`: how the actor would get in, if not by OpenID Connect. Raises RefusedError, PermissionDenied."""
    require_manage_configuration(actor)
    row = Configuration.locked()
    if row.built_in == on:
        return row
    if not on and not row.openid_connect:
        raise RefusedError("Without it nobody could sign in.", remedy="Switch OpenID Connect on first.")
    if not on and not way_in and not has_signed_in_by_it(actor.user, row):
        raise RefusedError(
            "You have not signed in by OpenID Connect since it was set up as it is now.",
            remedy="Link your account and sign in that way once, or say how you would get in.",
        )
    row.built_in = on
    return _switched(actor, row, "built_in", on, {"way in": way_in} if way_in and not on else {})


def has_signed_in_by_it(user: object, configuration: Configuration) -> bool:
    """Since the provider and the client are those of now."""
    link = link_of(user, configuration.issuer) if isinstance(user, User) else None
    return link is not None and link.last_login >= configuration.connection_changed_at


def described_rules() -> list[str]:
    return [str(rule) for rule in ClaimRule.objects.select_related("organization")]


def _switched(
    actor: Actor, row: Configuration, name: str, on: bool, more: Mapping[str, Any] | None = None
) -> Configuration:
    return _saved(actor, row, f"authentication.set_{name}", {name: not on}, {name: on} | dict(more or {}))


def _saved(
    actor: Actor, row: Configuration, action: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Configuration:
    row.revision += 1
    row.save()
    record(actor=actor, action=action, target=row, before=before, after=after)
    return row


def _row_of(rule: Rule) -> ClaimRule:
    return ClaimRule(
        value=rule.value,
        site_role=rule.site_role,
        organization_id=rule.organization,
        organization_role=rule.organization_role,
    )


def _require_unchanged(row: Configuration, seen: int) -> None:
    if row.revision != seen:
        raise StaleError("Somebody else has changed this meanwhile.", remedy="Load it again to see the change.")


def _require_organizations(rules: Sequence[Rule]) -> None:
    """Locks them. The provider was asked since they were chosen, which may take a minute."""
    named = {rule.organization for rule in rules if rule.organization}
    if len(locked_organizations(named)) < len(named):
        raise StaleError("An organization of these rules was deleted meanwhile.", remedy="Load it again.")


def _opened(secret: str) -> str:
    """Raises RefusedError for one that no key opens any more."""
    try:
        return unseal(secret)
    except UndecryptableError as error:
        raise RefusedError("The stored secret can't be read any more.", remedy="Enter it again.") from error
