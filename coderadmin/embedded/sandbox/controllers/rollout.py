"""The arithmetic of a rollout: how many replicas each ReplicaSet of a Deployment should have now."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from coderadmin.embedded.sandbox.controllers.owned import is_active, owned_by
from coderadmin.embedded.sandbox.store import Object, Store

REVISION = "deployment.kubernetes.io/revision"
HASH_LABEL = "pod-template-hash"


@dataclass(frozen=True)
class Rollout:
    """A Deployment, the ReplicaSet of its template (None until it is made) and those of earlier templates."""

    deployment: Object
    new: Object | None
    old: list[Object]

    @property
    def wanted(self) -> int:
        return int(self.deployment["spec"]["replicas"])

    @property
    def available(self) -> int:
        return sum(_count(one, "availableReplicas") for one in self._all)

    @property
    def least_available(self) -> int:
        return self.wanted - self._limits()[1]

    @property
    def is_complete(self) -> bool:
        counts = self.counts()
        return all(counts.get(name, 0) == self.wanted for name in ("updatedReplicas", "replicas", "availableReplicas"))

    @property
    def _all(self) -> list[Object]:
        return [*self.old, *([self.new] if self.new else [])]

    def counts(self) -> dict[str, int]:
        """The numbers of the Deployment's status; zeros are left out, as on a cluster."""
        replicas = sum(_count(one, "replicas") for one in self._all)
        counts = {
            "replicas": replicas,
            "updatedReplicas": _count(self.new, "replicas") if self.new else 0,
            "readyReplicas": sum(_count(one, "readyReplicas") for one in self._all),
            "availableReplicas": self.available,
            "unavailableReplicas": max(max(replicas, self.wanted) - self.available, 0),
        }
        return {name: number for name, number in counts.items() if number}

    def wanted_replicas(self, new: Object, store: Store) -> dict[str, int]:
        """The next step, by the name of the ReplicaSet; `new` is the one of today's template."""
        if self.deployment["spec"]["strategy"]["type"] == "Recreate":
            return self._recreate(new, store)
        surge, _ = self._limits()
        present = sum(one["spec"]["replicas"] for one in self._all)
        room = max(self.wanted + surge - present, 0)
        steps = {new["metadata"]["name"]: min(self.wanted, new["spec"]["replicas"] + room)}
        return steps | self._fewer_old(new, present)

    def _fewer_old(self, new: Object, present: int) -> dict[str, int]:
        """Take old replicas away: those that do not work first, then as many as availability allows."""
        waiting = new["spec"]["replicas"] - _count(new, "availableReplicas")
        removable = max(present - self.least_available - max(waiting, 0), 0)
        spare = max(self.available - self.least_available, 0)
        steps = {}
        for one in self.old:
            replicas, available = one["spec"]["replicas"], _count(one, "availableReplicas")
            unhealthy = min(replicas - available, removable) if replicas > available else 0
            healthy = min(replicas - unhealthy, spare, removable - unhealthy)
            removable, spare = removable - unhealthy - healthy, spare - healthy
            steps[one["metadata"]["name"]] = replicas - unhealthy - healthy
        return steps

    def _recreate(self, new: Object, store: Store) -> dict[str, int]:
        steps = {one["metadata"]["name"]: 0 for one in self.old}
        old_pods = [pod for one in self.old for _, pod in owned_by(store, one, "", "pods") if not _has_ended(pod)]
        return steps | ({} if old_pods else {new["metadata"]["name"]: self.wanted})

    def _limits(self) -> tuple[int, int]:
        """(how many more, how many fewer) than wanted there may be for a while."""
        rolling = self.deployment["spec"]["strategy"].get("rollingUpdate")
        if not rolling:
            return 0, 0
        surge = _amount(rolling["maxSurge"], self.wanted, math.ceil)
        fewer = _amount(rolling["maxUnavailable"], self.wanted, math.floor)
        return (surge, fewer) if surge or fewer else (0, 1)


def _count(replica_set: Object, name: str) -> int:
    return int(replica_set.get("status", {}).get(name, 0))


def _has_ended(pod: Object) -> bool:
    return not is_active(pod) and "deletionTimestamp" not in pod["metadata"]


def _amount(value: int | str, whole: int, rounded: Callable[[float], int]) -> int:
    if isinstance(value, int):
        return value
    return rounded(whole * float(value.removesuffix("%")) / 100)
