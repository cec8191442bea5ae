"""Workspace providers."""

import click

from coderadmin.client.commands.providers.access import allow, disallow, matrix, why
from coderadmin.client.commands.providers.fleet import apply, export, plan
from coderadmin.client.commands.providers.listing import logs, ls, show
from coderadmin.client.commands.providers.registering import create, edit, rename, rotate_token
from coderadmin.client.commands.providers.verbs import (
    check,
    cordon,
    default,
    deploy,
    preflight,
    rm,
    uncordon,
)

providers = click.Group(
    "providers",
    commands=[
        create, ls, show, edit, deploy, check, preflight, cordon, uncordon, rename, default,
        allow, disallow, matrix, why, logs, rotate_token, rm, export, plan, apply,
    ],
    help="Workspace providers: where environments run.",
)  # fmt: skip
