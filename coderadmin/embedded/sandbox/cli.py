"""`coderadmin sandbox`: look at the embedded clusters and switch their faults."""

from pathlib import Path

import click

from coderadmin.embedded.sandbox.faults import Fault, read_faults, read_state, switch_fault
from coderadmin.embedded.sandbox.process import wait_for_faults

CHECKOUT = Path(__file__).resolve().parents[3]
FAULT_NAMES = [fault.value for fault in Fault]


@click.group()
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="CODERADMIN_SANDBOX_STATE",
    help="The folder that keeps the clusters (default: the folder `sandbox` of the data folder).",
)
@click.option("--data-dir", type=click.Path(path_type=Path), envvar="CODERADMIN_DATA_DIR", hidden=True)
@click.pass_context
def sandbox(context: click.Context, state: Path | None, data_dir: Path | None) -> None:
    """Look at the embedded sandbox clusters and switch their faults."""
    context.obj = state or (data_dir or CHECKOUT / ".data") / "sandbox"


@sandbox.command("ls")
@click.pass_obj
def list_clusters(state: Path) -> None:
    """List the clusters with their address and the faults that are on."""
    for folder in _folders(state):
        known = read_state(folder)
        address = f"https://127.0.0.1:{known.port}" if known else "never started"
        click.echo(f"{folder.name:20} {address:26} {', '.join(sorted(read_faults(folder))) or 'no faults'}")


@sandbox.command("kubeconfig")
@click.argument("cluster")
@click.pass_obj
def show_kubeconfig(state: Path, cluster: str) -> None:
    """Print the path of the admin's kubeconfig of CLUSTER."""
    click.echo(_folder(state, cluster) / "kubeconfig")


@sandbox.command("fault")
@click.argument("cluster")
@click.argument("fault", type=click.Choice(FAULT_NAMES))
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.pass_obj
def set_fault(state: Path, cluster: str, fault: str, switch: str) -> None:
    """Switch FAULT of CLUSTER on or off, while it runs or for its next start."""
    folder = _folder(state, cluster)
    wanted = switch_fault(folder, Fault(fault), on=switch == "on")
    is_running = (state / "ready").exists()
    if is_running and not wait_for_faults(folder, wanted):
        raise click.ClickException(f"The cluster {cluster} did not take the change in time.")
    listed = ", ".join(sorted(wanted)) or "none"
    click.echo(f"Faults of {cluster}{'' if is_running else ' at its next start'}: {listed}")


def _folders(state: Path) -> list[Path]:
    return sorted(path.parent for path in state.glob("*/credentials.json"))


def _folder(state: Path, cluster: str) -> Path:
    for folder in _folders(state):
        if folder.name == cluster:
            return folder
    names = ", ".join(folder.name for folder in _folders(state)) or "none"
    raise click.ClickException(f"There is no cluster {cluster!r} in {state}. There are: {names}.")
