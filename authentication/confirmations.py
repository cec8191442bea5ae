"""What the pages say before something is done to a way in."""

from dataclasses import dataclass

from authentication.models import Session
from organizations.confirmations import Confirmation
from organizations.models import User

OPENED = "Environments that are open in a browser have to be opened again."
TOKENS = "API tokens are no sessions: they stay."


def of_session_end(session: Session) -> Confirmation:
    return Confirmation(
        title=f"End the session on {session.device}",
        submit_label="End it",
        dangerous=True,
        effects=["That browser is signed out: its next request leads to the sign-in page.", TOKENS],
    )


def of_other_sessions_end() -> Confirmation:
    effects = ["You stay signed in here, and are signed out in every other browser.", OPENED, TOKENS]
    return Confirmation(title="End all other sessions", submit_label="End them", dangerous=True, effects=effects)


def of_all_sessions_end(user: User) -> Confirmation:
    effects = [f"{user} is signed out in every browser, and can sign in again.", OPENED, TOKENS]
    return Confirmation(title=f"End all sessions of {user}", submit_label="End them", dangerous=True, effects=effects)


@dataclass(frozen=True, kw_only=True)
class Switch(Confirmation):
    """`on`: what is asked for, so that sending it twice does no harm."""

    on: bool


def of_openid_connect(on: bool) -> Switch:
    if on:
        return Switch(
            title="Switch OpenID Connect on",
            submit_label="Switch on",
            on=True,
            effects=["The sign-in page shows its button at once.", "Passwords go on to work."],
        )
    return Switch(
        title="Switch OpenID Connect off",
        submit_label="Switch off",
        dangerous=True,
        on=False,
        effects=[
            "Nobody can sign in that way any more; people without a password can't sign in at all.",
            "Whoever is signed in stays so. The configuration and the linked accounts stay.",
        ],
    )


def of_built_in(on: bool) -> Switch:
    if on:
        return Switch(
            title="Switch built-in sign-in on",
            submit_label="Switch on",
            on=True,
            effects=["Everybody who has a password can sign in with it again."],
        )
    return Switch(
        title="Switch built-in sign-in off",
        submit_label="Switch off",
        dangerous=True,
        on=False,
        effects=[
            "Nobody signs in with a password any more, on the page or by the original command line.",
            "You, the site admin, still can: at the end of the sign-in page is a way of your own.",
            "Whoever is signed in stays so. API tokens go on to work.",
            "On a server, “coderadmin authentication enable-built-in” switches it on again.",
        ],
    )


def of_unlink(user: User) -> Confirmation:
    return Confirmation(
        title=f"Unlink the account of {user}",
        submit_label="Unlink",
        dangerous=True,
        effects=[
            f"The account of the sign-in service that opens it now does not open the account of {user} any more.",
            "It can be linked again: by the person, or for members and auditors by the next sign-in with their e-mail.",
        ],
    )
