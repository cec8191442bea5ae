"""Workspace providers. Each command loads its own module alone."""

from coderadmin.client.programs import Program

MODULES = {
    "access": ("allow", "disallow", "matrix", "why"),
    "fleet": ("apply", "export", "plan"),
    "listing": ("logs", "ls", "show"),
    "registering": ("create", "edit", "rename", "rotate-token"),
    "verbs": ("check", "cordon", "default", "deploy", "preflight", "rm", "uncordon"),
}


class Providers(Program):
    lazy = {name: f"providers.{module}" for module, names in MODULES.items() for name in names}


providers = Providers("providers", help="Workspace providers: where environments run.")
