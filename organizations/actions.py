"""Which actions the page of a person offers, and why one is not possible. The services decide again."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from organizations.choices import SiteRole
from organizations.models import User
from organizations.policies import can_edit_account, can_end_tokens


@dataclass(frozen=True, kw_only=True)
class Action:
    """A link to the page of an action. `refusal` ends the sentence “Deactivate: …” when it is not possible."""

    label: str
    url: str
    refusal: str = ""
    dangerous: bool = False


def user_actions(person: User, user: User) -> list[Action]:
    """What `person`, a site manager, may do to `user`, in the order of the row."""
    return list(_user_actions(person, user))


def _user_actions(person: User, user: User) -> Iterator[Action]:
    def action(label: str, view: str, refusal: str = "", *, dangerous: bool = False) -> Action:
        url = reverse(view if ":" in view else f"organizations:{view}", args=[user.pk])
        return Action(label=label, url=url, refusal=refusal, dangerous=dangerous)

    ceiling = "" if can_edit_account(person, user) else "only the site admin does that to a site manager."
    own = "that is for another site manager to do." if person == user else ""
    if user.site_role == SiteRole.ADMIN:
        ceiling = "not possible for the site admin." if person == user else "nobody does that to the site admin."
    yield action("Organizations", "user_set_organizations")
    yield action("Site role", "user_set_site_role", ceiling)
    if waits_for_invited(user):
        yield action("Send the invitation again", "user_invite", ceiling)
    yield action("Reset password", "user_reset_password", ceiling or own)
    yield action("API tokens", "user_tokens", _refusal_of_tokens(person, user))
    mine = "yours are under your account." if person == user else ""
    yield action("Sessions", "authentication:user_sessions", mine or ceiling)
    yield action("Second factors", "authentication:user_factors_reset", mine or ceiling)
    if user.socialaccount_set.exists():  # type: ignore[attr-defined]  # allauth's
        yield action("Unlink", "authentication:user_unlink", mine or ceiling)
    may_not = "" if can_edit_account(person, user) else "only the site admin does that to a site manager."
    yield action("Support staff", "user_set_support_staff", may_not)
    if user.is_active:
        yield action("Deactivate", "user_deactivate", ceiling or own, dangerous=True)
    else:
        yield action("Activate", "user_activate", ceiling)


def waits_for_invited(user: User) -> bool:
    """Whether an invitation can be sent again. At most one query."""
    invitation = getattr(user, "invitation", None)
    return bool(settings.SENDS_MAIL and user.is_active and invitation and not invitation.accepted_at)


def _refusal_of_tokens(person: User, user: User) -> str:
    if person == user:
        return "yours are under your account."
    return "" if can_end_tokens(person, user) else "only the site admin sees those of other people."
