"""Which organizations may use which providers: the one verb that changes it, and the rules that hold always.

Each organization keeps at least one provider that takes its new environments (an entry that is not closing), and none
leaves a provider on which it has environments. The second rule is also a foreign key (environments, migration 0003).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count

from audit.services import Actor, event_of, record, record_all
from organizations.models import Organization
from providers.candidates import providers_being_deleted
from providers.choices import Access
from providers.errors import AllowlistRefusedError, Refusal
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.policies import require_manage
from providers.rules import Pair, access_of
from providers.services.locking import locked_organizations, locked_providers


@dataclass(frozen=True, kw_only=True)
class AllowlistChange:
    """One change that was made, or would be. A closing that finds no environments ends at once as NONE."""

    provider: WorkspaceProvider
    organization: Organization
    old: Access
    new: Access


def change_allowlist(*, actor: Actor, wishes: Mapping[Pair, Access]) -> list[AllowlistChange]:
    """Make all of the wishes true, or none; those that are true already change nothing.

    Raises AllowlistRefusedError, which names every refused pair, RefusedError when something is gone, PermissionDenied.
    Queries: constant, whatever the number of wishes.
    """
    require_manage(actor)
    try:
        with transaction.atomic():
            changes = _checked(wishes)
            _store(changes)
            _record(actor, changes)
    except IntegrityError:  # an environment was created by somebody who asked no service: the foreign key noticed
        with transaction.atomic():
            _checked(wishes)
        raise
    return changes


def preview_allowlist(*, actor: Actor, wishes: Mapping[Pair, Access]) -> list[AllowlistChange]:
    """What `change_allowlist` would do now; nothing is written. Raises the same."""
    require_manage(actor)
    with transaction.atomic():
        return _checked(wishes)


def drop_if_empty(provider_id: UUID, organization_id: UUID) -> bool:
    """End a closing entry whose last environment is gone. Whether it ended; in the caller's transaction."""
    entries = AllowlistEntry.objects.filter(provider=provider_id, organization=organization_id, closing=True)
    entry = entries.select_for_update(of=("self",)).select_related("provider", "organization").first()
    if entry is None or environment_counts({(provider_id, organization_id)}):
        return False
    entry.delete()
    record(
        actor=Actor(),
        action="allowlist.closed",
        target=entry.provider,
        organization=organization_id,
        before={entry.organization.name: Access.CLOSING},
        after={entry.organization.name: Access.NONE},
    )
    return True


def environment_counts(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """How many environments there are at each of the pairs; pairs without any are left out. One query."""
    wanted = set(pairs)
    rows = (
        WorkspaceProvider.environments.rel.related_model._default_manager.filter(
            provider__in={pair[0] for pair in wanted}, organization__in={pair[1] for pair in wanted}
        )
        .order_by()
        .values_list("provider", "organization")
        .annotate(total=Count("pk"))
    )
    return {
        (provider, organization): total for provider, organization, total in rows if (provider, organization) in wanted
    }


def left_without_provider(changes: Iterable[AllowlistChange], entries: Iterable[AllowlistEntry]) -> list[Organization]:
    """Of the changed organizations those that keep no open entry. `entries`: all that these have now. One query.

    A provider that is being deleted is none to keep.
    """
    losing: dict[UUID, Organization] = {}
    open_pairs = {(entry.provider_id, entry.organization_id) for entry in entries if not entry.closing}
    for change in changes:
        pair = (change.provider.pk, change.organization.pk)
        if change.new == Access.OPEN:
            open_pairs.add(pair)
        else:
            open_pairs.discard(pair)
            losing[change.organization.pk] = change.organization
    leaving = providers_being_deleted()
    kept = {organization for provider, organization in open_pairs if provider not in leaving}
    return [organization for pk, organization in losing.items() if pk not in kept]


def left_by_deletion(provider: WorkspaceProvider) -> list[Organization]:
    """Those whose only open entry is the one on this provider. Three queries."""
    here = AllowlistEntry.objects.filter(provider=provider).select_related("organization").order_by("organization")
    changes = [
        AllowlistChange(provider=provider, organization=entry.organization, old=access_of(entry), new=Access.NONE)
        for entry in here
    ]
    organizations = [change.organization for change in changes]
    return left_without_provider(changes, AllowlistEntry.objects.filter(organization__in=organizations))


def _checked(wishes: Mapping[Pair, Access]) -> list[AllowlistChange]:
    """The changes to make, with everything they rest on locked. Raises AllowlistRefusedError, RefusedError."""
    providers = locked_providers(pair[0] for pair in wishes)
    organizations = locked_organizations(pair[1] for pair in wishes)
    entries = list(AllowlistEntry.objects.filter(organization__in=organizations))
    present = {(entry.provider_id, entry.organization_id): access_of(entry) for entry in entries}
    occupied = environment_counts(wishes)
    changes = []
    for pair, wish in wishes.items():
        old = present.get(pair, Access.NONE)
        new = Access.NONE if wish == Access.CLOSING and pair not in occupied else wish
        if new != old:
            provider, organization = providers[pair[0]], organizations[pair[1]]
            changes.append(AllowlistChange(provider=provider, organization=organization, old=old, new=new))
    if refusals := [*_occupied(changes, occupied), *_stranded(changes, entries)]:
        raise AllowlistRefusedError(refusals)
    return changes


def _occupied(changes: Iterable[AllowlistChange], occupied: Mapping[Pair, int]) -> Iterable[Refusal]:
    for change in changes:
        count = occupied.get((change.provider.pk, change.organization.pk), 0)
        if change.new == Access.NONE and count:
            some = f"{count} environments" if count > 1 else "one environment"
            yield Refusal(
                code="environments_exist",
                message=f"{change.organization.name} still has {some} on {change.provider.name}.",
                remedy="Close it instead: existing environments go on, and the entry ends with the last of them.",
                provider=change.provider,
                organization=change.organization,
            )


def _stranded(changes: list[AllowlistChange], entries: Iterable[AllowlistEntry]) -> Iterable[Refusal]:
    for organization in left_without_provider(changes, entries):
        change = next(each for each in changes if each.organization == organization and each.new != Access.OPEN)
        yield Refusal(
            code="last_provider",
            message=f"{organization.name} would be left without a provider.",
            remedy="Each organization keeps at least one: allow another one first.",
            provider=change.provider,
            organization=organization,
        )


def _store(changes: Iterable[AllowlistChange]) -> None:
    opened = [
        AllowlistEntry(provider=change.provider, organization=change.organization, closing=change.new == Access.CLOSING)
        for change in changes
        if change.new != Access.NONE
    ]
    AllowlistEntry.objects.bulk_create(
        opened, update_conflicts=True, unique_fields=["provider", "organization"], update_fields=["closing"]
    )
    ended = defaultdict(list)
    for change in changes:
        if change.new == Access.NONE:
            ended[change.provider].append(change.organization)
    for provider, organizations in ended.items():
        AllowlistEntry.objects.filter(provider=provider, organization__in=organizations).delete()


def _record(actor: Actor, changes: Iterable[AllowlistChange]) -> None:
    """One row per pair, so that it is in the history of the provider and of the organization."""
    record_all(
        [
            event_of(
                actor=actor,
                action="allowlist.change",
                target=change.provider,
                organization=change.organization.pk,
                before={change.organization.name: change.old},
                after={change.organization.name: change.new},
            )
            for change in changes
        ]
    )
