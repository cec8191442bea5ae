"""Why somebody who was let in by the provider is not let in here; and who comes too late with a change."""

from organizations.errors import RefusedError


class StaleError(RefusedError):
    code = "stale_revision"


class NotWelcomeError(Exception):
    """`reason` is for the audit log, the sentences are for the person."""

    reason = "no account"
    title = "There is no account for you here"
    sentences: tuple[str, ...] = (
        "The sign-in service knows you, but no account of this deployment is open to you.",
        "Ask those who run this deployment.",
    )


class UnverifiedError(NotWelcomeError):
    reason = "e-mail not verified"
    title = "Your e-mail is not verified"
    sentences = (
        "The sign-in service does not say that your e-mail is verified, so it can't be taken as yours here.",
        "Verify it there and sign in again, or ask those who run the sign-in service.",
    )


class LinkFirstError(NotWelcomeError):
    reason = "not linked"
    title = "Link your account first"
    sentences = (
        "Accounts that may manage or support this deployment are not opened by an e-mail alone.",
        "Sign in with your password, then link the account under Your account. If you have no password, ask the site "
        "admin.",
    )


class LinkedElsewhereError(NotWelcomeError):
    reason = "linked to another subject"
    title = "This account belongs to somebody else there"
    sentences = (
        "An account with your e-mail is here, but it is linked to another account of the sign-in service.",
        "Ask those who run this deployment to unlink it if it is yours.",
    )


class UnusableEmailError(NotWelcomeError):
    reason = "e-mail can't be used"
    title = "Your e-mail can't be used here"
    sentences = (
        "The sign-in service tells an e-mail that no account of this deployment can have.",
        "Ask those who run the sign-in service to correct it.",
    )


class LinkingNowError(NotWelcomeError):
    reason = "linked at the same moment"
    title = "Somebody else links your account at this moment"
    sentences = ("Sign in again.",)
