"""Secrets that people hand over: from a prompt or stdin, never as an argument."""

import sys

import click

from coderadmin.client.errors import usage


def asked_secret(what: str, *, from_stdin: bool, remedy: str) -> str:
    """One line. `remedy`: what to do where nobody can be asked, for which ClientError is raised, as for no line."""
    if not from_stdin and not sys.stdin.isatty():
        raise usage(f"The {what} can't be asked for here.", remedy=remedy)
    prompt = what[0].upper() + what[1:]
    secret = sys.stdin.readline().strip("\r\n") if from_stdin else str(click.prompt(prompt, hide_input=True, err=True))
    if not secret.strip() or not secret.isprintable():
        raise usage(f"This is no {what}.", remedy="Paste it alone, on one line.")
    return secret
