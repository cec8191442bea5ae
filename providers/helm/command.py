"""What an admin types who prefers his own Helm: one command, and the values file that it reads."""

import shlex
from pathlib import PurePath

import yaml

from providers.helm.release import CHART_NAME, RELEASE_NAME
from providers.helm.values import Values

VALUES_FILE = "values.yaml"


def make_command(
    *,
    repository_url: str,
    version: str,
    namespace: str,
    release: str = RELEASE_NAME,
    values_file: str = VALUES_FILE,
    timeout_s: int = 300,
) -> str:
    """The command, one option a line, for Helm 3 and Helm 4, safe to paste into a shell. It holds no secret.

    Below `repository_url` lies index.yaml. Helm 4 says that --atomic has a new name, and heeds it.
    """
    place = _place(repository_url, version, namespace)
    return _one_option_a_line(
        ["helm", "upgrade", "--install", release, CHART_NAME],
        [*place, ["--create-namespace"], *_all_or_nothing(timeout_s), ["--values", values_file]],
    )


def make_upgrade_command(
    *,
    repository_url: str,
    version: str,
    namespace: str,
    access_url: str = "",
    release: str = RELEASE_NAME,
    timeout_s: int = 300,
) -> str:
    """The same for a release that exists: its values stay, the token among them, but for `access_url` if given.

    Without it the chart is what changes, so that its new defaults must count: that option takes Helm 3.14 or newer.
    """
    kept = [["--reuse-values"], ["--set", f"cemanager.accessURL={access_url}"]]
    return _one_option_a_line(
        ["helm", "upgrade", release, CHART_NAME],
        [
            *_place(repository_url, version, namespace),
            *(kept if access_url else [["--reset-then-reuse-values"]]),
            *_all_or_nothing(timeout_s),
        ],
    )


def _place(repository_url: str, version: str, namespace: str) -> list[list[str]]:
    return [["--repo", repository_url], ["--version", version], ["--namespace", namespace]]


def _all_or_nothing(timeout_s: int) -> list[list[str]]:
    return [["--atomic"], ["--timeout", f"{timeout_s}s"]]


def _one_option_a_line(command: list[str], options: list[list[str]]) -> str:
    return " \\\n  ".join(map(shlex.join, [command, *options]))


def make_values_file(values: Values, *, name: str = VALUES_FILE) -> str:
    """The text of the values file. Secret when it holds the token: to be shown once."""
    heading = f"# {PurePath(name).name} for the chart {CHART_NAME}. It holds the provider's token: keep it private.\n"
    return (heading if values.get("envproxy", {}).get("token") else "") + yaml.safe_dump(values, sort_keys=False)
