"""envproxy tokens: made, used, revoked. Whoever changes them locks their provider first."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.models import AuditEvent
from audit.services import Actor, record
from providers.choices import ACTIVE_STATES, OperationKind
from providers.errors import OperationActiveError, RefusedError
from providers.models import EnvproxyToken, Operation, WorkspaceProvider
from providers.policies import require_manage
from providers.services.locking import locked
from providers.tokens import digest_of, new_token

TOKEN_OVERLAP = timedelta(hours=24)
UNUSED_LIFETIME = timedelta(days=7)
DRAIN = timedelta(hours=4)  # the chart's terminationGracePeriodSeconds: how long old pods keep their connections
DENIED_EVERY = timedelta(minutes=1)
REVOKE, BEAT = "provider.revoke_token", "provider.beat"
REFUSED = "This envproxy token is unknown, has expired or was revoked. Rotate it and redeploy."


def rotate_envproxy_token(*, actor: Actor, provider: WorkspaceProvider, newest: int | None = None) -> str:
    """A new token, to be shown once. The old ones work until it is first used, at most TOKEN_OVERLAP.

    Raises RefusedError for the built-in provider, OperationActiveError during a deploy, which brings a token itself.

    It ends after UNUSED_LIFETIME unless it is used before. `newest`: the newest token that the asker knows of, 0 for
    none; raises RefusedError when there is a newer one, so that a form that is sent again makes no second token.
    """
    require_manage(actor)
    with transaction.atomic():
        provider = locked(provider)
        if provider.built_in:
            raise RefusedError("The built-in provider has no envproxy token.")
        if _is_being_deployed(provider):
            raise OperationActiveError(
                f"{provider.name} is being deployed, with a new token.", remedy="Wait until the deploy has ended."
            )
        if newest is not None:
            _refuse_a_second_one(provider, newest)
        token, now = new_token(), timezone.now()
        end = now + TOKEN_OVERLAP
        older = EnvproxyToken.objects.filter(provider=provider)
        older.filter(Q(expires_at=None) | Q(expires_at__gt=end)).update(expires_at=end)
        EnvproxyToken.objects.create(provider=provider, digest=digest_of(token), expires_at=now + UNUSED_LIFETIME)
        record(actor=actor, action="provider.rotate_token", target=provider, after={"token": "******"})
    return token


def _refuse_a_second_one(provider: WorkspaceProvider, newest: int) -> None:
    made = EnvproxyToken.objects.filter(provider=provider, pk__gt=newest).first()
    if made:
        raise RefusedError(
            f"No token was made: {made} of {provider.name} was, at {made.created_at:%H:%M:%S} UTC, after this form was "
            "opened. It is not shown again.",
            remedy="If it is lost, begin anew and make another one.",
        )


def mint_token(provider: WorkspaceProvider, operation: Operation) -> tuple[str, EnvproxyToken]:
    """A new token for this deploy, which has no end as long as nobody gives it one."""
    token = new_token()
    row = EnvproxyToken.objects.create(provider=provider, digest=digest_of(token), minted_by=operation)
    return token, row


def retire_older_tokens(newest: EnvproxyToken) -> None:
    """The deploy with the token `newest` succeeded: those from before end after TOKEN_OVERLAP."""
    end = timezone.now() + TOKEN_OVERLAP
    with transaction.atomic():
        older = EnvproxyToken.objects.filter(provider=locked(newest.provider), pk__lt=newest.pk)
        older.filter(Q(expires_at=None) | Q(expires_at__gt=end)).update(expires_at=end)


def let_expire(operation: Operation) -> None:
    """The tokens of a deploy that did not succeed, also those of a worker that was lost before. One query.

    Not at once: when Helm could not undo the deploy, there are pods that show one. And not the one of a release that
    is in force: whatever failed came after Helm.
    """
    not_deployed = Q(provider__deployed_at=None) | Q(created_at__gt=F("provider__deployed_at"))
    tokens = EnvproxyToken.objects.filter(not_deployed, minted_by=operation, expires_at=None)
    tokens.update(expires_at=timezone.now() + TOKEN_OVERLAP)


def revoke_envproxy_tokens(*, actor: Actor, provider: WorkspaceProvider, token: EnvproxyToken | None = None) -> int:
    """End this token, or all of the provider; envproxy is refused from now on. How many ended: none the second time."""
    require_manage(actor)
    with transaction.atomic():
        alive = EnvproxyToken.objects.filter(provider=locked(provider)).alive()
        chosen = alive.filter(pk=token.pk) if token else alive
        numbers = sorted(chosen.values_list("pk", flat=True))
        if numbers:
            chosen.update(expires_at=timezone.now())
            record(actor=actor, action=REVOKE, target=provider, after={"tokens": numbers})
    return len(numbers)


@sensitive_variables("token")
def provider_of_token(token: str) -> WorkspaceProvider:
    """One query; a use is noted by the beat only. Raises PermissionDenied."""
    row = EnvproxyToken.objects.alive().select_related("provider").filter(digest=digest_of(token)).first()
    if row is None:
        raise PermissionDenied(REFUSED)
    return row.provider


@sensitive_variables("token")
def locked_token(token: str) -> EnvproxyToken | None:
    """The token, dead or alive, with its provider, which is locked."""
    digest = digest_of(token)
    WorkspaceProvider.objects.select_for_update(of=("self",)).filter(envproxy_tokens__digest=digest).first()
    return EnvproxyToken.objects.select_related("provider").filter(digest=digest).first()


def note_use(row: EnvproxyToken, address: str | None) -> None:
    """Supersedes the older ones, but not while a deploy may still be rolled back to one of them.

    Nor does a token that has an end: it is of a deploy that failed, or there is a newer one, and the pods that stay may
    be those that show an older one.
    """
    now = timezone.now()
    others = EnvproxyToken.objects.filter(provider=row.provider).in_use()
    if row.waits_for_use and not others.filter(pk__gt=row.pk).exists():
        row.expires_at = None
    row.last_used_at, row.last_used_address = now, address
    row.save(update_fields=["expires_at", "last_used_at", "last_used_address"])
    if row.expires_at is None and not _is_being_deployed(row.provider):
        older = others.filter(pk__lt=row.pk)
        older.update(superseded_at=now, expires_at=Least(F("expires_at"), now + DRAIN))


def _is_being_deployed(provider: WorkspaceProvider) -> bool:
    return provider.operations.filter(kind=OperationKind.DEPLOY, state__in=ACTIVE_STATES).exists()


def note_refusal(row: EnvproxyToken, address: str | None) -> None:
    """Somebody shows a token that has ended: in the audit trail at most once in DENIED_EVERY per provider."""
    about = {"target_type": row.provider._meta.model_name, "target_id": str(row.provider_id), "action": BEAT}
    if not AuditEvent.objects.filter(**about, at__gt=timezone.now() - DENIED_EVERY).exists():
        envproxy = Actor(address=address, alias="envproxy")
        denied = AuditEvent.Outcome.DENIED
        record(actor=envproxy, action=BEAT, target=row.provider, after={"token": row.pk}, outcome=denied)


def why_envproxy_is_refused(provider: WorkspaceProvider) -> str:
    """A sentence when every token of the provider has ended, else nothing. Up to three queries."""
    tokens = EnvproxyToken.objects.filter(provider=provider)
    newest = tokens.first()
    if newest is None or tokens.in_use().exists():
        return ""
    about = {"target_type": provider._meta.model_name, "target_id": str(provider.pk), "action": REVOKE}
    revoked = AuditEvent.objects.filter(**about, at__gte=newest.created_at).first()
    ended = f"was revoked by {revoked.actor_name} at {revoked.at:%Y-%m-%d %H:%M:%S} UTC" if revoked else "has expired"
    return f"Its last envproxy token {ended}. Rotate the token and bring the new one to the cluster, or redeploy."
