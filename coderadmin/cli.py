"""The command `coderadmin`. Everything heavy is imported inside the commands, so that --help answers at once."""

import os
from pathlib import Path
from typing import NoReturn

import click

from coderadmin import __version__, programs
from coderadmin.client.programs import Audit, Authentication, Main

BROKER_SECONDS = 5


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="coderadmin")
def main() -> None:
    """The administration of a remote development platform.

    `coderadmin login URL` signs you in to a deployment; the commands that talk to one are described in docs/cli.md.

    `coderadmin run` starts everything on this machine. In production run web, worker and beat, any number of each
    web and worker, with DATABASE_URL, REDIS_URL, SECRET_KEY and CODERADMIN_ACCESS_URL set.
    """


@main.command()
def run() -> None:
    """Start everything on this machine: databases, sandbox clusters, web, worker, scheduler."""
    from coderadmin.embedded.errors import EmbeddedError
    from coderadmin.embedded.supervisor import run as run_instance

    try:
        run_instance(os.environ)
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--host", envvar="CODERADMIN_HOST", default="0.0.0.0", show_default=True)  # noqa: S104 - behind a proxy
@click.option("--port", envvar="CODERADMIN_PORT", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", envvar="CODERADMIN_WEB_WORKERS", default=2, show_default=True, type=click.IntRange(1))
@click.option("--threads", envvar="CODERADMIN_WEB_THREADS", default=8, show_default=True, type=click.IntRange(1))
def web(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the pages and the API."""
    _load_settings()
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    _become(programs.web_command(bind, workers=workers, threads=threads))


@main.command()
@click.option(
    "--concurrency", envvar="CODERADMIN_WORKER_CONCURRENCY", default=8, show_default=True, type=click.IntRange(1)
)
@click.option(
    "--queue",
    "queues",
    type=click.Choice(programs.QUEUES),
    multiple=True,
    default=programs.QUEUES,
    help="Only this kind of work; may be repeated. Without it, all.",
)
def worker(concurrency: int, queues: tuple[str, ...]) -> None:
    """Do the background work: deploy, check, delete."""
    _load_settings()
    _become(programs.worker_command(concurrency=concurrency, queues=queues))


@main.command()
def beat() -> None:
    """Start the periodic work; more than one does no harm."""
    import tempfile

    _load_settings()
    folder = os.environ.get("CODERADMIN_DATA_DIR") or tempfile.mkdtemp(prefix="coderadmin-beat-")
    _become(programs.beat_command(Path(folder) / "beat-schedule"))


@main.command()
def migrate() -> None:
    """Bring the database to this version; on the first run create the site admin and print how to sign in."""
    _set_up_django()
    from django.core.management import call_command
    from django.db import DatabaseError

    try:
        call_command("migrate", interactive=False)
        call_command("first_start")
    except DatabaseError as error:
        raise click.ClickException(f"The database could not be migrated: {_one_line(error)}") from error


@main.command()
def check() -> None:
    """Tell whether this configuration is fit for production, and reach the database and the broker."""
    _set_up_django()
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    try:
        call_command("check", deploy=True, fail_level="WARNING")
    except SystemCheckError as error:
        raise click.ClickException(str(error).strip()) from error
    _reach_database()
    _reach_broker()
    click.echo("The configuration is fit for production; database and broker answer.")


@main.group(cls=Audit)
def audit() -> None:
    """Read the audit log, and look after it."""


@audit.command()
@click.option("--seal", default="", metavar="NUMBER:DIGEST", help="A seal that was kept elsewhere: it must be there.")
def verify(seal: str) -> None:
    """Walk the hash chain and name the first event that was changed, removed or put in."""
    _set_up_django()
    from audit.chain import ChainBrokenError
    from audit.chain import verify as verify_chain

    try:
        found = verify_chain(expected=seal)
    except ChainBrokenError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{found.events} events are as they were sealed; the newest seal is {found.newest}.")
    if found.removed:
        click.echo(f"{found.removed} older ones were removed by retention.")
    click.echo(f"{found.unsealed} events are not sealed yet.")
    if found.late:
        raise click.ClickException(f"{found.late} of them should be by now: do worker and beat run?")


@main.group(cls=Authentication)
def authentication() -> None:
    """How people sign in, and on a server the way back in when nobody can."""


@authentication.command("enable-built-in")
def authentication_enable_built_in() -> None:
    """Let people sign in with their passwords again. Repeating it does no harm."""
    _set_up_django()
    from audit.services import SYSTEM
    from authentication.services import set_built_in

    set_built_in(actor=SYSTEM, on=True)
    click.echo("Built-in sign-in is on: everybody who has a password can sign in with it.")


@authentication.command("reset-factors")
@click.argument("email")
def authentication_reset_factors(email: str) -> None:
    """Take all second factors from the person with this e-mail, who then signs in with the password alone."""
    _set_up_django()
    from audit.services import SYSTEM
    from authentication.services import reset_factors
    from organizations.models import User

    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise click.ClickException("Nobody has this e-mail.")
    count = reset_factors(actor=SYSTEM, user=user)
    click.echo(f"{count} second factors of {user.email} are removed, and the recovery codes.")


@main.group()
def keys() -> None:
    """Change the keys that encrypt what is stored."""


@keys.command("status")
def keys_status() -> None:
    """Tell how many stored values each key opens, and which none does."""
    _set_up_django()
    from coderadmin.keys import status

    found = status()
    for number, values in enumerate(found.opened, start=1):
        if number == 1:
            what = "it encrypts"
        else:
            what = "`coderadmin keys rotate` brings them under key 1" if values else "it can be removed"
        click.echo(f"Key {number} opens {values} values: {what}.")
    _end_if_lost(found.lost)


@keys.command("rotate")
def keys_rotate() -> None:
    """Encrypt every stored value with the first key; what others opened before stays readable throughout."""
    _set_up_django()
    from coderadmin.keys import rotate

    done = rotate(click.echo)
    click.echo(f"{done.found} values are stored; {done.resealed} were encrypted anew with key 1.")
    _end_if_lost(done.lost)


def _end_if_lost(places: list[str]) -> None:
    if places:
        raise click.ClickException(f"No key opens {len(places)} values:\n" + "\n".join(places))


@main.command()
def envproxy() -> None:
    """Carry people to their environments in a provider's cluster, and call home; the chart starts it there."""
    from providers.envproxy.config import ConfigError
    from providers.envproxy.program import main as run_envproxy

    try:
        run_envproxy()
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """List the sandbox clusters, switch their faults, print their kubeconfigs."""
    from coderadmin.embedded.sandbox.cli import sandbox as sandbox_group

    sandbox_group.main(args=list(arguments), prog_name="coderadmin sandbox")


def _load_settings() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coderadmin.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.SECRET_KEY  # noqa: B018 - the first access reads all settings
    except (ImproperlyConfigured, ValueError) as error:  # environs raises ValueError
        raise click.ClickException(_one_line(error)) from error


def _set_up_django() -> None:
    _load_settings()
    import django

    django.setup()


def _reach_database() -> None:
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
    except DatabaseError as error:
        raise click.ClickException(f"The database in DATABASE_URL can't be used: {_one_line(error)}") from error
    if pending := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise click.ClickException(f"{len(pending)} migrations are pending: run `coderadmin migrate`.")


def _reach_broker() -> None:
    import redis
    from django.conf import settings

    from coderadmin import broker

    try:
        broker.client(settings.REDIS_URL, socket_connect_timeout=BROKER_SECONDS).ping()
    except (redis.RedisError, ValueError) as error:
        raise click.ClickException(f"The broker in REDIS_URL can't be used: {_one_line(error)}") from error


def _become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals reach the program itself."""
    os.execv(command[0], command)  # noqa: S606 - our own argument list, no shell


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    main()
