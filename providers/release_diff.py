"""What the release on a cluster has, what we deployed last, and what we want: comparisons of values, nothing else.

Values stand in nested dictionaries without secrets, as `providers.kube.release_values.cleaned` leaves them. A key that
only the admin's own Helm sets is his; it is no difference of ours, but the next deploy takes it away.
"""

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from providers.models import WorkspaceProvider

Values = dict[str, Any]


class Difference(NamedTuple):
    """One dotted key, such as `cemanager.accessURL`. None: not set, and without a default in the chart."""

    key: str
    on_cluster: Any
    wanted: Any

    @property
    def parts(self) -> list[str]:
        return self.key.split(".")

    @property
    def on_cluster_text(self) -> str:
        return _text(self.on_cluster)

    @property
    def wanted_text(self) -> str:
        return _text(self.wanted)


@dataclass(frozen=True, kw_only=True)
class HandChange:
    """Somebody else's Helm wrote `revision`; of each difference `wanted` is what we had deployed."""

    revision: int
    differences: list[Difference]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """`pending`: keys of ours with another value on the cluster, whoever changed them.

    `dropped`: what only the admin's own Helm sets, which the next deploy takes back to the chart's default.
    """

    pending: list[Difference] = field(default_factory=list)
    by_hand: HandChange | None = None
    dropped: list[Difference] = field(default_factory=list)

    @property
    def undeployed(self) -> list[Difference]:
        """What changed on our side: without the keys that only somebody else changed."""
        theirs = self.by_hand.differences if self.by_hand else []
        return [each for each in self.pending if each not in theirs]

    @property
    def is_there(self) -> bool:
        return bool(self.pending or self.by_hand)

    @property
    def next_deploy(self) -> list[Difference]:
        """Everything that a deploy changes on the cluster."""
        return [*self.pending, *self.dropped]


def drift_of(provider: WorkspaceProvider, *, expected: Values, defaults: Values) -> Drift:
    """Nothing as long as we don't know the release. `defaults` are the chart's own values."""
    if provider.release_values_revision is None:
        return Drift()
    on_cluster, deployed = provider.release_values, provider.deployed_values
    return Drift(
        pending=undeployed(expected, on_cluster, deployed=deployed, defaults=defaults),
        by_hand=by_hand(provider, defaults=defaults),
        dropped=_dropped(expected, on_cluster, deployed=deployed, defaults=defaults),
    )


def undeployed(
    expected: Values, release_values: Values, *, deployed: Values | None = None, defaults: Values | None = None
) -> list[Difference]:
    """The keys that we set, or set with the last deploy, and that have another value on the cluster."""
    wanted, on_cluster, ours = leaves(expected), leaves(release_values), leaves(deployed or {})
    return _compared(wanted | ours, on_cluster, wanted, leaves(defaults or {}))


def by_hand(provider: WorkspaceProvider, *, defaults: Values | None = None) -> HandChange | None:
    """None while the release is as we deployed it last, or was never deployed by us.

    A revision of somebody else that sets our keys as we did is no change: a roll-back makes one.
    """
    revision = provider.release_values_revision
    if revision is None or provider.deployed_revision is None or revision == provider.deployed_revision:
        return None
    ours = leaves(provider.deployed_values)
    differences = _compared(ours, leaves(provider.release_values), ours, leaves(defaults or {}))
    return HandChange(revision=revision, differences=differences) if differences else None


def leaves(values: Values, prefix: str = "") -> Values:
    """`{"a": {"b": 1}}` as `{"a.b": 1}`; lists stay whole."""
    found: Values = {}
    for key, value in values.items():
        found |= leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def _dropped(expected: Values, release_values: Values, *, deployed: Values, defaults: Values) -> list[Difference]:
    ours, on_cluster = leaves(expected) | leaves(deployed), leaves(release_values)
    theirs = {key: value for key, value in on_cluster.items() if key not in ours}
    return _compared(theirs, on_cluster, {}, leaves(defaults))


def _compared(keys: Values, on_cluster: Values, wanted: Values, defaults: Values) -> list[Difference]:
    pairs = [(key, on_cluster.get(key, defaults.get(key)), wanted.get(key, defaults.get(key))) for key in keys]
    return sorted((Difference(*each) for each in pairs if each[1] != each[2]), key=lambda each: each.key)


def _text(value: Any) -> str:
    match value:
        case None:
            return "not set"
        case "":
            return "empty"
        case str():
            return value
    return json.dumps(value, ensure_ascii=False)
