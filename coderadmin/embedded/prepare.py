"""Brings the database up to date and, on the first start, fills it: `python -m coderadmin.embedded.prepare`.

One process does both, since importing Django takes longer than either. What `first_start` writes to standard output
goes to the supervisor through a pipe: one JSON object, {"email": ..., "password": ...}, the password empty unless it
has just been generated.
"""

import django
from django.core.management import call_command, get_commands


def main() -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if "first_start" in get_commands():
        call_command("first_start")


if __name__ == "__main__":
    main()
