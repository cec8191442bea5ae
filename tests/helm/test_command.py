import shlex

import yaml

from providers.helm.command import make_command, make_upgrade_command, make_values_file
from tests.helm.manifests import TOKEN, values


def command(**changes: str) -> str:
    arguments = {"repository_url": "https://coder.example.com/charts", "version": "0.1.0", "namespace": "dev"}
    return make_command(**(arguments | changes))


def test_it_is_one_complete_command() -> None:
    assert command() == (
        "helm upgrade --install coder-workspace-provider workspace-provider \\\n"
        "  --repo https://coder.example.com/charts \\\n"
        "  --version 0.1.0 \\\n"
        "  --namespace dev \\\n"
        "  --create-namespace \\\n"
        "  --atomic \\\n"
        "  --timeout 300s \\\n"
        "  --values values.yaml"
    )


def test_a_shell_reads_each_argument_as_one() -> None:
    arguments = shlex.split(command(values_file="my values; rm -rf $HOME.yaml"))
    assert arguments[-2:] == ["--values", "my values; rm -rf $HOME.yaml"]
    assert len(arguments) == len(shlex.split(command()))


def test_the_values_file_reads_back_as_the_values() -> None:
    text = make_values_file(values())
    assert yaml.safe_load(text) == values()
    assert text.startswith("# values.yaml for the chart workspace-provider. It holds the provider's token")


def test_a_values_file_without_a_token_warns_of_none() -> None:
    assert "token" not in make_values_file(values(token=""))
    assert TOKEN in make_values_file(values())


def test_a_new_access_url_is_one_value_and_all_others_stay() -> None:
    text = make_upgrade_command(
        repository_url="https://new.example.com/charts",
        version="0.1.0",
        namespace="dev",
        access_url="https://new.example.com:8443",
    )
    arguments = shlex.split(text)
    assert arguments[:4] == ["helm", "upgrade", "coder-workspace-provider", "workspace-provider"]
    assert arguments[arguments.index("--set") + 1] == "cemanager.accessURL=https://new.example.com:8443"
    assert "--reuse-values" in arguments
    assert arguments[arguments.index("--namespace") + 1] == "dev"
    assert "--install" not in arguments


def test_a_new_chart_brings_its_defaults_and_keeps_what_was_set() -> None:
    text = make_upgrade_command(repository_url="https://coder.example.com/charts", version="0.2.0", namespace="dev")
    assert "--reset-then-reuse-values" in shlex.split(text)
    assert "--set" not in text
