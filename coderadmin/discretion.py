"""What must not be in a log, although it is in the address of a request that failed."""

import logging
import re

LINK = re.compile(r"(/sign-in/password/[^/\s]+/)(?!set-password)[^/\s]+")  # to choose a password; organizations.links


class LinkFilter(logging.Filter):
    """Django logs the path of what failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if LINK.search(message):
            record.msg, record.args = LINK.sub(r"\1******", message), ()
        return True
