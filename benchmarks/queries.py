"""How many queries each page takes, with the session and the person that every request loads.

`python -m benchmarks.queries` reads `[[path, headers, email], ...]` as JSON and prints the numbers in the same order.
"""

import json
import sys


def main(pages: list[tuple[str, dict[str, str], str]]) -> list[int]:
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from organizations.models import User

    settings.EXTRA_HOSTS.append("testserver")
    counts = []
    for path, headers, email in pages:
        browser = Client(headers=headers)
        browser.force_login(User.objects.get(email=email), backend="django.contrib.auth.backends.ModelBackend")
        browser.get(path)  # what a process learns once does not count
        with CaptureQueriesContext(connection) as captured:
            browser.get(path)
        counts.append(len(captured))
    return counts


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.load(sys.stdin))))
