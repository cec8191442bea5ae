"""Tab completion."""

import click
from click.shell_completion import get_completion_class

from coderadmin.client.errors import usage

VARIABLE = "_CODERADMIN_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script for tab completion. For bash: eval "$(coderadmin completion bash)"."""
    found = get_completion_class(shell)
    if found is None:
        raise usage(f"There is no completion for {shell}.")
    click.echo(found(context.find_root().command, {}, "coderadmin", VARIABLE).source())
