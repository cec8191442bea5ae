"""Is a provider's chart the one that this deployment brings? Versions are compared as semver.org says."""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.db.models import Q

from providers.helm.package import chart_version
from providers.models import WorkspaceProvider

IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
VERSION = re.compile(rf"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-({IDENTIFIERS}))?(?:\+{IDENTIFIERS})?")
RELEASED = ((2, 0, ""),)  # above every pre-release


class ChartState(StrEnum):
    """`unknown`: no release, or a version that is none."""

    CURRENT = "current"
    OUTDATED = "outdated"
    NEWER = "newer"
    UNKNOWN = "unknown"


def chart_state(provider: WorkspaceProvider) -> ChartState:
    """Of a provider's chart against this deployment's. No query."""
    return state_of(provider.chart_version, chart_version())


def is_outdated(version: str) -> bool:
    """Whether a chart of this version is older than this deployment's."""
    return state_of(version, chart_version()) == ChartState.OUTDATED


def outdated(versions: Iterable[str]) -> Q:
    """The condition that a provider's chart is older than this deployment's; `versions`: those in use."""
    return Q(chart_version__in=sorted(filter(is_outdated, versions)))


@lru_cache(maxsize=1000)
def state_of(version: str, ours: str) -> ChartState:
    theirs, present = _precedence(version), _precedence(ours)
    if theirs is None or present is None:
        return ChartState.UNKNOWN
    if theirs == present:
        return ChartState.CURRENT
    return ChartState.OUTDATED if theirs < present else ChartState.NEWER


def _precedence(version: str) -> tuple[Any, ...] | None:
    """Sorts as the versions do; None for what is no version. Build metadata do not count."""
    found = VERSION.fullmatch(version)
    if found is None:
        return None
    major, minor, patch, pre_release = found.groups()
    pre = tuple(map(_identifier, pre_release.split("."))) if pre_release else RELEASED
    return int(major), int(minor), int(patch), pre


def _identifier(text: str) -> tuple[int, int, str]:
    """Numbers sort by size and before words."""
    return (0, int(text), "") if text.isdecimal() else (1, 0, text)
