"""Brings the database up to date and, on the first start, fills it: `python -m coderadmin.embedded.prepare`.

One process does both, since importing Django takes longer than either. What `first_start` writes to standard output,
the first sign-in, goes to the supervisor through a pipe and into no log.
"""

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("first_start")


if __name__ == "__main__":
    main()
