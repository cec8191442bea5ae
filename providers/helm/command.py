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
    options = [
        ["--repo", repository_url],
        ["--version", version],
        ["--namespace", namespace],
        ["--create-namespace"],
        ["--atomic"],
        ["--timeout", f"{timeout_s}s"],
        ["--values", values_file],
    ]
    first = shlex.join(["helm", "upgrade", "--install", release, CHART_NAME])
    return " \\\n  ".join([first, *map(shlex.join, options)])


def make_values_file(values: Values, *, name: str = VALUES_FILE) -> str:
    """The text of the values file. Secret when it holds the token: to be shown once."""
    heading = f"# {PurePath(name).name} for the chart {CHART_NAME}. It holds the provider's token: keep it private.\n"
    return (heading if values.get("envproxy", {}).get("token") else "") + yaml.safe_dump(values, sort_keys=False)
