"""What the pages say before an action: what will happen, and what stays as it is."""

from dataclasses import dataclass, field

from django.conf import settings

from providers.choices import Access, OperationKind, ProviderStatus
from providers.errors import RefusedError
from providers.helm.release import RELEASE_NAME
from providers.impact import impact_of_closing_doors, impact_of_default
from providers.models import EnvproxyToken, Operation, WorkspaceProvider
from providers.services.allowlist import AllowlistChange
from providers.services.tokens import TOKEN_OVERLAP, UNUSED_LIFETIME

# What Helm can't work with, as a check reports it: only then may a deletion leave the release behind.
OUT_OF_REACH = {
    "dns_failed", "address_refused", "connection_refused", "connect_timeout", "read_timeout", "unreachable",
    "tls_untrusted", "tls_wrong_name", "tls_expired", "credential_refused", "credential_unreadable", "api_not_ready",
    "not_kubernetes",
}  # fmt: skip

NO_TOKEN_LEFT = [
    "No valid token is left: the provider turns to Error about a minute later.",
    "Nobody gets to an environment on it through envproxy, until it has a new token: rotate the token, or redeploy.",
]


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """`effects` will happen, `stays` will not be touched; `warning`: who would be left alone. All are sentences."""

    title: str
    submit_label: str
    lead: str = ""
    effects: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)
    warning: str = ""
    dangerous: bool = False


def of_deploy(provider: WorkspaceProvider) -> Confirmation:
    again = provider.deployed_at is not None
    return Confirmation(
        title=f"{'Redeploy' if again else 'Deploy'} {provider.name}",
        submit_label="Redeploy" if again else "Deploy",
        lead="A worker of this deployment does it with Helm; you can watch it and call it off.",
        effects=[
            "The pre-flight looks at the cluster first. If it finds something wrong, nothing is written.",
            f"Helm {'upgrades' if again else 'installs'} the release {RELEASE_NAME} in namespace {provider.namespace}.",
            f"{_replicas(provider)} started from {provider.effective_envproxy_image}, with a fresh token.",
            f"At most {_minutes(settings.DEPLOY_TIMEOUT.total_seconds())} for all to be ready; otherwise "
            + ("Helm rolls back to the release that works now." if again else "Helm removes what it has begun."),
            *(["Connections through envproxy are interrupted for some seconds."] if again else []),
        ],
        stays=[_environments_go_on(provider), "No other namespace of the cluster is touched."],
    )


def of_preflight(provider: WorkspaceProvider) -> Confirmation:
    return Confirmation(
        title=f"Pre-flight of {provider.name}",
        submit_label="Run the pre-flight",
        lead="Finds out whether a deployment would succeed.",
        effects=[
            f"We look up, connect to and question {provider.cluster_address}: certificate, version, credential, "
            "permissions, storage, ingress.",
            "Each finding appears with what to do about it.",
        ],
        stays=["Nothing is written to the cluster."],
    )


def of_default(provider: WorkspaceProvider, present: WorkspaceProvider | None) -> Confirmation:
    impact = impact_of_default(provider)
    return Confirmation(
        title=f"Make {provider.name} the default",
        submit_label="Make default",
        warning=impact.warning(),
        effects=[
            f"{provider.name} is preselected wherever an environment is created and its organization may use it.",
            impact.affected(),
            *([f"{present.name} is the default no longer."] if present else []),
        ],
        stays=["Existing environments stay where they are.", "Who may use which provider stays the same."],
    )


def of_cordon(provider: WorkspaceProvider) -> Confirmation:
    impact = impact_of_closing_doors(provider)
    return Confirmation(
        title=f"Cordon {provider.name}",
        submit_label="Cordon",
        warning=impact.warning(),
        effects=[
            "From now on nobody can place a new environment here, whatever the role.",
            impact.affected(),
            "Your name and the reason are shown beside the status, until somebody uncordons it.",
            *(["It stays the default, so that people must choose another one."] if provider.is_default else []),
        ],
        stays=[_environments_go_on(provider), "Checks go on, too."],
    )


def of_uncordon(provider: WorkspaceProvider) -> Confirmation:
    return Confirmation(
        title=f"Uncordon {provider.name}",
        submit_label="Uncordon",
        lead=f"Cordoned by {provider.cordoned_by}: {provider.cordon_reason}",
        effects=["New environments may be placed here again, as soon as it is Ready."],
        stays=[_environments_go_on(provider)],
    )


def of_rotation(provider: WorkspaceProvider) -> Confirmation:
    hours = int(TOKEN_OVERLAP.total_seconds() // 3600)
    return Confirmation(
        title=f"Rotate the token of {provider.name}",
        submit_label="Rotate token",
        lead="The token is what envproxy shows when it calls home.",
        effects=[
            "A new token is made and shown once, with the values file that brings it to the cluster.",
            f"The present token works until the new one is first used, at most {hours} hours.",
            "If the new one is not in use by then, the provider turns to Error.",
            f"The new one ends after {UNUSED_LIFETIME.days} days, unless it is used before.",
        ],
        stays=[_environments_go_on(provider), "The cluster credential is another thing and stays the same."],
    )


def of_revocation(provider: WorkspaceProvider, token: EnvproxyToken | None) -> Confirmation:
    """One query."""
    alive = provider.envproxy_tokens.in_use()
    others = token is not None and alive.exclude(pk=token.pk).exists()
    what = str(token) if token else "all tokens"
    return Confirmation(
        title=f"Revoke {what} of {provider.name}",
        submit_label="Revoke",
        dangerous=True,
        effects=[
            f"Who calls with {'it' if token else 'one of them'} is refused from now on: envproxy within 15 seconds.",
            *([] if others else NO_TOKEN_LEFT),
        ],
        stays=[
            *(["The other tokens of this provider stay valid."] if others else []),
            _environments_go_on(provider),
            "The cluster credential is another thing and stays the same.",
        ],
    )


def of_delete(provider: WorkspaceProvider) -> Confirmation:
    impact = impact_of_closing_doors(provider)
    return Confirmation(
        title=f"Delete {provider.name}",
        submit_label="Delete",
        dangerous=True,
        warning=impact.warning(),
        effects=[
            impact.affected(),
            f"Helm uninstalls the release {RELEASE_NAME} from namespace {provider.namespace} of "
            f"{provider.cluster_address}: {_contents()}.",
            "Then the provider is removed here, with its allowlist, credential, tokens and timeline.",
            "If the cluster does not answer, nothing is removed and you can decide again.",
        ],
        stays=[
            f"The namespace {provider.namespace} and everything in it that is not part of the release.",
            "The log of the deletion and the audit trail.",
        ],
    )


def of_delete_anyway(provider: WorkspaceProvider) -> Confirmation:
    impact = impact_of_closing_doors(provider)
    return Confirmation(
        title=f"Delete {provider.name} and leave its release behind",
        submit_label="Delete anyway",
        dangerous=True,
        warning=impact.warning(),
        lead="For a cluster that is gone for good, or that refuses us for good.",
        effects=[
            impact.affected(),
            "The provider is removed here, with its allowlist, credential, tokens and timeline.",
            "The cluster is not asked.",
            f"The release {RELEASE_NAME} stays in namespace {provider.namespace} of {provider.cluster_address}, "
            f"if the cluster still exists: {_contents()}.",
            "What stays there is refused when it calls home.",
            f"To clean up later: helm uninstall {RELEASE_NAME} --namespace {provider.namespace}",
        ],
    )


def sentence_of(change: AllowlistChange) -> str:
    """What a change of access means."""
    organization, provider = change.organization.name, change.provider.name
    if change.new == Access.NONE:
        return f"{organization} may not use {provider} any more."
    if change.new == Access.CLOSING:
        return f"{organization} goes on with what it has on {provider}, but places no new environments there."
    again = " again" if change.old == Access.CLOSING else ""
    return f"{organization} may place environments on {provider}{again}."


def may_leave_release(provider: WorkspaceProvider, last_deletion: Operation | None) -> bool:
    """Whether the cluster seems out of reach: by the last check, or because uninstalling has just failed."""
    out_of_reach = provider.status != ProviderStatus.READY and provider.reason in OUT_OF_REACH
    return out_of_reach or bool(last_deletion and last_deletion.error_code == "uninstall_failed")


def require_out_of_reach(provider: WorkspaceProvider) -> None:
    """Raises RefusedError unless a deletion may leave the release behind. At most one query."""
    last_deletion = provider.operations.filter(kind=OperationKind.DELETE).first()
    if not may_leave_release(provider, last_deletion):
        raise RefusedError(
            f"The cluster of {provider.name} is within reach.", remedy="Delete the provider together with its release."
        )


def _contents() -> str:
    return "Deployment, Service, Ingress, Secret, ServiceAccounts, Role and RoleBinding"


def _environments_go_on(provider: WorkspaceProvider) -> str:
    running, total = provider.running_count, provider.environment_count  # type: ignore[attr-defined]
    if not total:
        return "There are no environments on this provider."
    some = f"{total} environments ({running} running) go" if total > 1 else f"One environment ({running} running) goes"
    return f"{some} on as before."


def _replicas(provider: WorkspaceProvider) -> str:
    count = provider.envproxy_replicas
    return f"{count} replicas of envproxy are" if count > 1 else "One replica of envproxy is"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds != 60 else "one minute"
