"""`python -m benchmarks.shares PATH…`: on what a page spends its time, by samples of the program that makes it.

On a database as the pages have it, without audit events. Waiting for PostgreSQL counts, since a page waits as well.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import FrameType

import click

from benchmarks.pages import LARGE
from benchmarks.seed import EMAIL
from benchmarks.stack import running_stack

PAGES = ["/manage/admin/providers/", "/manage/admin/access/", "/environments/new/"]
ASKED = 300  # times, after some that do not count
WARM_UP = 20
PAUSE = 0.0005  # seconds between two samples
# The first part of which a frame is found, from the innermost outwards, is what a moment is spent on.
PARTS = [
    ("SQL: build, send, wait, read", ("/django/db/", "/psycopg", "/coderadmin/expressions.py")),
    ("template", ("/django/template/", "/templatetags/")),
    ("session, person", ("/authentication/", "/django/contrib/auth/", "/django/contrib/sessions/", "/allauth/")),
    ("our views and rules", ("/providers/", "/environments/", "/organizations/", "/infrastructure/", "/audit/")),
]
REST = "middleware and the rest"


def part_of(frame: FrameType | None) -> str:
    """What session and navigation ask PostgreSQL is SQL, too."""
    while frame:
        for part, places in PARTS:
            if any(place in frame.f_code.co_filename for place in places):
                return part
        frame = frame.f_back
    return REST


def shares_of(path: str) -> Counter[str]:
    """Of a page that a site admin asks for again and again: samples by part. Needs Django."""
    from django.test import Client

    from organizations.models import User

    client = Client()
    client.force_login(User.objects.get(email=EMAIL), backend="django.contrib.auth.backends.ModelBackend")
    for _ in range(WARM_UP):
        client.get(path)
    found, asking, done = Counter[str](), threading.get_ident(), threading.Event()

    def watch() -> None:
        while not done.wait(PAUSE):
            found[part_of(sys._current_frames().get(asking))] += 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(ASKED):
        client.get(path)
    done.set()
    watcher.join()
    return found


def _tell(paths: Sequence[str]) -> None:
    import django

    django.setup()
    from django.conf import settings

    settings.EXTRA_HOSTS.append("testserver")
    sys.setswitchinterval(PAUSE / 5)  # the watcher waits for its turn no longer than that
    for path in paths:
        began, found = time.perf_counter(), shares_of(path)
        each = (time.perf_counter() - began) / (WARM_UP + ASKED) * 1000
        shares = ", ".join(f"{part} {count / found.total():.0%}" for part, count in found.most_common())
        click.echo(f"{path} ({each:.1f} ms each while watched): {shares}")


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--here", is_flag=True, help="On the database of DATABASE_URL, which is filled.")
def main(paths: tuple[str, ...], here: bool) -> None:
    if here:
        return _tell(paths)
    with running_stack() as stack:
        environment = stack.database("shares")
        stack.run(["benchmarks.seed"], environment, given=json.dumps(vars(LARGE)))
        click.echo(stack.run(["benchmarks.shares", "--here", *(paths or PAGES)], environment))


if __name__ == "__main__":
    main()
