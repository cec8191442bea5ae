"""What the pages say before a second factor is taken away."""

from allauth.mfa.models import Authenticator

from authentication.factors import factor_in_words
from organizations.confirmations import Confirmation
from organizations.models import User


def of_factor_removal(factor: Authenticator, *, others: int, is_demanded: bool) -> Confirmation:
    effects = ["It opens nothing here any more. Remove its entry on your device, too."]
    if others:
        effects.append("Your other factors and the recovery codes stay.")
    else:
        effects.append("It is the last one: the recovery codes end, too, and your password alone signs you in.")
    if is_demanded and not others:
        effects.append("Your site role must have a second factor: before anything else you are led to add another one.")
    name = factor_in_words(factor)
    return Confirmation(title=f"Remove: {name}", submit_label="Remove", effects=effects, dangerous=True)


def of_recovery_codes() -> Confirmation:
    effects = [
        "Ten new codes are shown to you once. Each signs you in once, with your password.",
        "Older ones end.",
    ]
    return Confirmation(title="Make new recovery codes", submit_label="Make them", effects=effects)


def of_factor_reset(user: User, names: list[str]) -> Confirmation:
    return Confirmation(
        title=f"Remove the second factors of {user}",
        submit_label="Remove",
        dangerous=True,
        effects=[
            f"{'; '.join(names)}, and the recovery codes: all are removed." if names else "There are none now.",
            f"The password alone signs {user} in. Make sure that it is this person who asks you.",
            "Where the site role must have a second factor, adding another one is the first thing after signing in.",
            "It is in the account's history. Sessions and API tokens stay: end them if a device was stolen.",
        ],
    )
