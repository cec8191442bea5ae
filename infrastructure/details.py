"""What the page of a change of the access URL shows, whatever state the change is in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from infrastructure.choices import NOT_SWITCHED, UNDER_WAY, ChangeState
from infrastructure.errors import RefusedError
from infrastructure.models import AccessURLChange
from infrastructure.panels import Panel, digest, make_panels
from infrastructure.querysets import remote_providers
from infrastructure.services.changing import require_switchable, using_another
from infrastructure.services.rollouts import is_by_hand
from providers.access_urls import AccessURLs
from providers.choices import ProviderStatus
from providers.kube.findings import Level
from providers.models import AccessURL, WorkspaceProvider
from providers.reasons import reason_for

STAGES = ("Plan", "Switch", "Redeploy", "Confirm", "Finish")
STAGE_OF = {
    ChangeState.PLANNED: 0,
    ChangeState.CHECKING: 0,
    ChangeState.SWITCHED: 2,
    ChangeState.REDEPLOYING: 2,
    ChangeState.CONFIRMED: 4,
    ChangeState.FINISHED: 5,
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`position`: done, current or ahead."""

    label: str
    position: str


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What the change will do to one provider."""

    provider: WorkspaceProvider
    words: str
    style: str = "waiting"
    mark: str = "○"


@dataclass(frozen=True, kw_only=True)
class ChangeDetails:
    """`panels`: its rollouts, newest first; `fates`: before the switch.

    After it, `in_the_way` of the end is who uses another URL and was not skipped; `still_old` is who uses the old one.
    """

    change: AccessURLChange
    managed: bool
    panels: list[Panel]
    fates: list[Fate] = field(default_factory=list)
    in_the_way: list[WorkspaceProvider] = field(default_factory=list)
    still_old: list[WorkspaceProvider] = field(default_factory=list)
    last_request_at: datetime | None = None
    switch_refusal: RefusedError | None = None

    @property
    def is_planned(self) -> bool:
        return self.change.state in NOT_SWITCHED

    @property
    def is_checking(self) -> bool:
        change = self.change
        return self.is_planned and not (change.checked_at and change.checked_at >= change.check_requested_at)

    @property
    def is_under_way(self) -> bool:
        return self.change.state in UNDER_WAY

    @property
    def panel(self) -> Panel | None:
        return self.panels[0] if self.panels else None

    @property
    def moves(self) -> bool:
        return self.is_checking or any(panel.rollout.is_active for panel in self.panels)

    @property
    def stages(self) -> list[Stage]:
        """None for what was dropped or rolled back."""
        present = STAGE_OF.get(ChangeState(self.change.state))
        if present is None:
            return []
        if self.is_planned and self.switch_refusal is None:
            present = 1
        where = ["done"] * present + ["current"] + ["ahead"] * len(STAGES)
        return [Stage(label=label, position=position) for label, position in zip(STAGES, where, strict=False)]

    @property
    def headline(self) -> str:
        """Where it stands, in one sentence for those who listen."""
        if self.is_checking:
            return "Being checked."
        if self.panel and self.panel.rollout.is_active:
            return self.panel.headline
        return f"{self.change.get_state_display()}."

    @cached_property
    def fingerprint(self) -> str:
        """It changes when the page should be shown anew."""
        change = self.change
        return digest(change.state, change.checked_at, self.is_checking, [each.fingerprint for each in self.panels])


def details_of(change: AccessURLChange, *, managed: bool, urls: AccessURLs) -> ChangeDetails:
    """At most six queries, however many providers there are."""
    rollouts = list(change.rollouts.order_by("-requested_at"))
    panels = make_panels(rollouts, managed=managed, present_url=urls.current)
    if change.state in NOT_SWITCHED:
        return ChangeDetails(
            change=change,
            managed=managed,
            panels=panels,
            fates=fates_of(remote_providers().order_by("name")),
            switch_refusal=_refusal_of(require_switchable, change),
        )
    details = ChangeDetails(change=change, managed=managed, panels=panels)
    if change.state not in UNDER_WAY:
        return details
    return replace(
        details,
        last_request_at=AccessURL.objects.filter(url=change.old_url).values_list("last_request_at", flat=True).first(),
        in_the_way=using_another(change),
        still_old=list(remote_providers().filter(last_beat_access_url=change.old_url).order_by("name")),
    )


def warnings_of(change: AccessURLChange) -> list[dict[str, str]]:
    """The findings that somebody must have read before the switch."""
    return [finding for finding in change.findings if finding["level"] == Level.WARNING]


def fates_of(providers: Iterable[WorkspaceProvider]) -> list[Fate]:
    """One query."""
    return [_fate(provider) for provider in providers]


def _fate(provider: WorkspaceProvider) -> Fate:
    by_hand = is_by_hand(provider)
    if provider.deployed_at is None and provider.last_beat_at is None:
        carrier = "the Helm command that you run" if by_hand else "its first deploy"
        return Fate(provider=provider, words=f"Not deployed yet: {carrier} will carry the new URL.")
    if provider.status == ProviderStatus.ERROR:
        reason = reason_for(provider.reason).title
        words = f"In Error now ({reason}): the change will pause here until it is Ready again, or you skip it."
        return Fate(provider=provider, words=words, style="warning", mark="!")
    if by_hand:
        return Fate(provider=provider, words="You run Helm: after the switch this page shows the command.", mark="→")
    return Fate(provider=provider, words="A worker redeploys it.")


def _refusal_of(require: Callable[[AccessURLChange], None], change: AccessURLChange) -> RefusedError | None:
    try:
        require(change)
    except RefusedError as refusal:
        return refusal
    return None
