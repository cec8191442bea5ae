"""`coderadmin sandbox`: the commands that an administrator types."""

from click.testing import CliRunner, Result

from coderadmin.embedded.sandbox.cli import sandbox as command
from coderadmin.embedded.sandbox.faults import Fault, read_state
from coderadmin.embedded.sandbox.process import SandboxProcess
from tests.clusters import FaultyCluster


def _run(sandbox: SandboxProcess, *words: str) -> Result:
    return CliRunner().invoke(command, ["--state", str(sandbox.state), *words])


def test_ls_names_each_cluster_and_its_address(sandbox: SandboxProcess) -> None:
    lines = _run(sandbox, "ls").output.splitlines()
    assert [line.split()[0] for line in lines] == ["one", "two"]
    assert lines[0].split()[1] == f"https://127.0.0.1:{sandbox.port('one')}"


def test_kubeconfig_prints_its_path(sandbox: SandboxProcess) -> None:
    assert _run(sandbox, "kubeconfig", "one").output.strip() == str(sandbox.kubeconfig("one"))


def test_a_fault_is_in_force_when_the_command_returns(sandbox: SandboxProcess, faulty_cluster: FaultyCluster) -> None:
    assert _run(sandbox, "fault", "two", "old-version", "on").output == "Faults of two: old-version\n"
    state = read_state(sandbox.state / "two")
    assert state is not None
    assert state.faults == {Fault.OLD_VERSION}
    assert "old-version" in _run(sandbox, "ls").output
    assert _run(sandbox, "fault", "two", "old-version", "off").output == "Faults of two: none\n"


def test_an_unknown_cluster_is_refused_by_name(sandbox: SandboxProcess) -> None:
    result = _run(sandbox, "fault", "three", "slow", "on")
    assert result.exit_code == 1
    assert "There is no cluster 'three'" in result.output
    assert "There are: one, two." in result.output


def test_an_unknown_fault_is_refused_with_the_choices(sandbox: SandboxProcess) -> None:
    result = _run(sandbox, "fault", "two", "flood", "on")
    assert result.exit_code == 2
    assert "unreachable" in result.output
