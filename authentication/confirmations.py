"""What the pages say before something is done to a way in."""

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
