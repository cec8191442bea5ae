"""What the pages say before an action: what will happen, and what stays as it is."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings

from authentication.factors import count_people_with_passkeys
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from infrastructure.services.rollouts import is_by_hand
from providers.confirmations import Confirmation
from providers.models import WorkspaceProvider
from providers.words import counted, enumerated

ENVIRONMENTS_GO_ON = "Environments go on. A connection through envproxy may be interrupted for some seconds."


def of_switch(change: AccessURLChange, providers: Sequence[WorkspaceProvider]) -> Confirmation:
    return Confirmation(
        title=f"Switch to {change.new_url}",
        submit_label="Switch",
        effects=[
            f"{change.new_url} is the access URL at once. {change.old_url} is answered, too, until you finish.",
            *_redeploys(providers),
            _sign_in_again(change),
            *_passkeys(change),
        ],
        stays=[
            ENVIRONMENTS_GO_ON,
            f"{change.old_url} is refused only after Finish, and until then you can roll back.",
            "The hostnames of providers stay as they are.",
        ],
    )


def of_finish(change: AccessURLChange) -> Confirmation:
    return Confirmation(
        title=f"Finish the change to {change.new_url}",
        submit_label="Finish",
        dangerous=True,
        effects=[
            f"{change.old_url} is refused from now on, by every web process within some seconds.",
            f"Links and bookmarks to {urlsplit(change.old_url).netloc} stop working.",
            "Pods of envproxy from before the redeploy keep open connections for up to four hours. They ask at the old "
            "URL, so what they still hold then ends ten minutes later.",
            "This change can't be rolled back any more. To go back, change the access URL once more.",
            f"After that you can remove the DNS records of {urlsplit(change.old_url).hostname}.",
        ],
        stays=[f"Everything goes on at {change.new_url}."],
    )


def of_roll_back(change: AccessURLChange, providers: Sequence[WorkspaceProvider]) -> Confirmation:
    """`providers`: those that have the new URL, or may have it."""
    return Confirmation(
        title=f"Roll back to {change.old_url}",
        submit_label="Roll back",
        dangerous=True,
        effects=[
            f"{change.old_url} is the access URL again at once.",
            *(_redeploys(providers) or ["No provider uses the new URL yet, so none is redeployed."]),
            f"{change.new_url} is answered until they are done, and refused then.",
            f"People who have signed in at {urlsplit(change.new_url).netloc} sign in again at the old address.",
        ],
        stays=[ENVIRONMENTS_GO_ON, "Deploys that are under way go on to their end."],
    )


def of_drop(change: AccessURLChange) -> Confirmation:
    return Confirmation(
        title=f"Drop the plan to change to {change.new_url}",
        submit_label="Drop the plan",
        effects=["The plan ends here. It stays in the list of changes."],
        stays=[f"{change.old_url} stays the access URL.", "No provider is touched."],
    )


def of_upgrade(providers: Sequence[WorkspaceProvider], version: str) -> Confirmation:
    return Confirmation(
        title=f"Redeploy {counted(len(providers), 'provider')}",
        submit_label="Redeploy",
        lead=f"They get chart {version}, and every change of settings that is not deployed yet.",
        effects=_redeploys(providers),
        stays=[ENVIRONMENTS_GO_ON],
    )


def of_call_off(rollout: Rollout) -> Confirmation:
    return Confirmation(
        title="Call off this upgrade",
        submit_label="Call off",
        effects=["No more providers are redeployed.", "Deploys that are under way go on to their end."],
        stays=["What is redeployed stays so. The others keep the chart that they have."],
    )


def of_skip(rollout: Rollout, step: RolloutStep) -> Confirmation:
    left = f"It keeps the access URL that it has, which may not be {rollout.access_url}." if rollout.access_url else ""
    return Confirmation(
        title=f"Skip {step.provider_name}",
        submit_label="Skip",
        effects=[
            f"The others go on without {step.provider_name}. This step can't be taken up again.",
            *([left] if left else ["It keeps the chart that it has."]),
            "Redeploy it yourself later: it loses touch if the access URL that it knows is refused by then."
            if left
            else "You can redeploy it on its own page at any time.",
        ],
    )


def _redeploys(providers: Sequence[WorkspaceProvider]) -> list[str]:
    """Sentences on how these are redeployed."""
    ours = [each.name for each in providers if not is_by_hand(each)]
    theirs = [each.name for each in providers if is_by_hand(each)]
    at_a_time = f", {settings.REDEPLOY_CONCURRENCY} at a time, the canary first" if len(ours) > 1 else ""
    verb = "is" if len(ours) == 1 else "are"
    found = [f"{counted(len(ours), 'provider')} {verb} redeployed by workers{at_a_time}: {enumerated(ours)}."]
    by_hand = [f"You run Helm for {enumerated(theirs)}. The next page shows the command."]
    return [*(found if ours else []), *(by_hand if theirs else [])]


def _sign_in_again(change: AccessURLChange) -> str:
    """Cookies belong to a host name, whatever the port."""
    old, new = urlsplit(change.old_url), urlsplit(change.new_url)
    if old.hostname == new.hostname:
        return "People stay signed in: the host name is the same."
    return f"People sign in once more at {new.netloc}: a sign-in belongs to one host. You, too."


def _passkeys(change: AccessURLChange) -> list[str]:
    """A sentence if anybody's stop working. One query, none where the host stays."""
    host = urlsplit(change.new_url).hostname
    if host == urlsplit(change.old_url).hostname:
        return []
    people, without_app = count_people_with_passkeys()
    if not people:
        return []
    has, proves = ("has", "proves") if without_app == 1 else ("have", "prove")
    left = f" {without_app} of them {has} no authenticator app: only a recovery code {proves} who it is."
    return [
        f"Passkeys belong to one host: those of {counted(people, 'person', 'people')} do not work at {host}. "
        f"There they sign in with a code and add them anew.{left if without_app else ''}"
    ]
