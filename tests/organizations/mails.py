"""Mail for tests: `post` switches it on, and is the worker that sends it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail as django_mail

from coderadmin.celery import app

LINK = re.compile(r"https?://\S+/sign-in/password/\S+/")


@dataclass
class Post:
    """`messages`: what was handed to the broker, by task and arguments."""

    messages: list[tuple[str, list[Any]]] = field(default_factory=list)

    def send_task(self, task: str, args: list[Any], **_: Any) -> None:
        self.messages.append((task, args))

    def work(self) -> None:
        """Take each message once, as a worker does."""
        for task, arguments in self.messages:
            app.tasks[task].apply(arguments, throw=True)
        self.messages.clear()

    def link(self) -> str:
        """That of the newest mail, without the host."""
        found = LINK.findall(django_mail.outbox[-1].body)
        assert len(found) == 1
        return "/" + found[0].split("/", 3)[3]


@pytest.fixture
def post(settings: Any, monkeypatch: pytest.MonkeyPatch, mailoutbox: Any) -> Iterator[Post]:
    settings.SENDS_MAIL = True
    office = Post()
    monkeypatch.setattr(app, "send_task", office.send_task)
    app.loader.import_default_modules()
    yield office
