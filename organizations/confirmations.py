"""What the pages say before something is done to an account."""

from dataclasses import dataclass

from organizations.links import INVITATION_LIFE
from organizations.models import ApiToken, User
from organizations.services.tokens import family
from organizations.ways_in import has_built_in


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """The context of confirm.html. `effects`: sentences for a person."""

    title: str
    submit_label: str
    effects: list[str]
    dangerous: bool = False


def of_deactivation(user: User) -> Confirmation:
    """One query."""
    count = user.environments.count()
    return Confirmation(
        title=f"Deactivate {user}",
        submit_label="Deactivate",
        dangerous=True,
        effects=[
            f"{user} is signed out everywhere at once, and can't sign in any more. All API tokens of the account end.",
            f"{_environments(count)} Those who manage the organizations can stop or delete them.",
            "Memberships and the site role stay, so that the account can be activated again.",
        ],
    )


def of_activation(user: User) -> Confirmation:
    return Confirmation(
        title=f"Activate {user}",
        submit_label="Activate",
        effects=[
            f"{user} can sign in again, with the password from before.",
            f"The site role is {user.get_site_role_display().lower()}, and the memberships are those from before.",
        ],
    )


def of_password_reset(user: User) -> Confirmation:
    return Confirmation(
        title=f"Reset the password of {user}",
        submit_label="Reset password",
        effects=[
            "A temporary password is made and shown to you once. Hand it over in private.",
            f"{user} is signed out everywhere, and must choose another password at the next sign-in.",
        ],
    )


def of_invitation(user: User) -> Confirmation:
    """Of sending it again. One query."""
    if has_built_in():
        effects = [
            f"{user.email} gets another mail with a link to choose a password. You don't see the link.",
            f"It works once, for {INVITATION_LIFE.days} days. Links of earlier mails go on working for their time.",
        ]
    else:
        effects = [
            f"{user.email} gets another mail that says how to sign in with single sign-on.",
            "Links of earlier mails, to choose a password, open nothing while built-in sign-in is switched off.",
        ]
    return Confirmation(
        title=f"Send the invitation of {user} again",
        submit_label="Send it again",
        effects=effects,
    )


def of_token_end(token: ApiToken) -> Confirmation:
    """One query."""
    also = [f"So does the token {made.name}, which was made with it." for made in family(token)[1:]]
    return Confirmation(
        title=f"End the token {token.name}",
        submit_label="End it",
        dangerous=True,
        effects=[
            f"It ends at once: what uses it can't act for {token.user} any more.",
            *also,
            "It can't be brought back. A new one can be made at any time.",
        ],
    )


def _environments(count: int) -> str:
    if not count:
        return "There are no environments of this person."
    return f"{count} environments go on as before." if count > 1 else "One environment goes on as before."
