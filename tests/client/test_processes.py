"""The program as a process: pipes, terminals, waiting for work, and how little it loads."""

import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from organizations.models import User
from providers.choices import OperationState
from providers.models import Operation, OperationLine
from tests.client.conftest import COMMAND, Shell, Shells
from tests.embedded.test_run import wait_until
from tests.factories import make_built_in, make_organization, make_provider

PATIENCE = 60


def test_it_loads_no_django_and_nothing_heavy() -> None:
    """Before a request is sent, and before anything is printed as a table."""
    call = "c.main(['providers', 'ls', '--help'], standalone_mode=False)"
    code = f"import sys, coderadmin.cli as c; {call}; print(list(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'click'" in loaded
    heavy = ("django", "httpx", "rich", "yaml", "celery", "kubernetes", "tempfile", "click.shell_completion")
    assert not [name for name in heavy if f"'{name}'" in loaded]
    assert "'coderadmin.client.commands.providers.listing'" in loaded
    assert "'coderadmin.client.commands.providers.fleet'" not in loaded


def test_a_request_loads_no_command_line_of_another(shell: Shell) -> None:
    call = "c.main(['whoami', '-o', 'json'], standalone_mode=False)"
    code = f"import sys, coderadmin.cli as c; {call}; print(list(sys.modules))"
    environment = os.environ | shell.environment
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "'httpx'" in loaded.stdout
    assert not [name for name in ("rich", "pygments", "django") if f"'{name}'" in loaded.stdout]


def test_help_names_both_kinds_of_commands() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    assert shown.index("Talk to a deployment:") < shown.index("  login ") < shown.index("Run a deployment")
    assert "worker" in shown
    assert "verify" in subprocess.run([*COMMAND, "audit", "--help"], capture_output=True, text=True, check=True).stdout


def test_wait_prints_the_log_as_it_comes_and_plain(shell: Shell) -> None:
    make_provider(name="sydney")
    with shell.start("providers", "deploy", "sydney", "--wait") as process:
        operation = queued()
        assert process.stdout is not None
        OperationLine.objects.create(operation=operation, text="Looking at the cluster", level="ok")
        assert process.stdout.readline() == "✓ Looking at the cluster\n"
        OperationLine.objects.create(operation=operation, text="Installed", level="ok")
        end(operation, OperationState.SUCCEEDED)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert stdout.splitlines() == ["✓ Installed", "Deploy of sydney succeeded."]
    assert (process.returncode, stderr) == (0, "")


def test_wait_ends_with_one_when_the_work_failed(shell: Shell) -> None:
    make_provider(name="sydney")
    with shell.start("providers", "deploy", "sydney", "--wait", "-o", "json") as process:
        end(queued(), OperationState.FAILED, error_text="The image can't be pulled.")
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (1, "")
    assert stderr == "Error: Deploy of sydney failed. The image can't be pulled.\n"


def test_ctrl_c_leaves_the_work_alone(shell: Shell) -> None:
    make_provider(name="sydney")
    with shell.start("providers", "deploy", "sydney", "--wait") as process:
        operation = queued()
        OperationLine.objects.create(operation=operation, text="begun")
        assert process.stdout is not None and process.stdout.readline()
        process.send_signal(2)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"coderadmin operations watch {operation.pk}" in stderr
    operation.refresh_from_db()
    assert operation.state == OperationState.QUEUED


def test_colour_is_for_terminals_and_for_who_wants_it(shell: Shell) -> None:
    make_built_in()
    assert "\x1b[" in on_a_terminal(shell, "providers", "ls")
    assert "\x1b[3" not in on_a_terminal(shell, "providers", "ls", NO_COLOR="1")
    with shell.start("providers", "ls") as process:
        stdout, _ = process.communicate(timeout=PATIENCE)
    assert "\x1b" not in stdout and "built-in" in stdout


def test_on_a_terminal_dangerous_verbs_ask(shell: Shell) -> None:
    organization = make_organization()
    make_built_in(organizations=[organization])
    make_provider(name="sydney", organizations=[organization])
    said = on_a_terminal(shell, "providers", "rm", "sydney", answer=b"n\n")
    assert "Delete sydney? [y/N]" in said
    assert "Aborted" in said
    assert not Operation.objects.exists()
    on_a_terminal(shell, "providers", "rm", "sydney", answer=b"y\n")
    assert Operation.objects.get().kind == "delete"


def test_a_password_is_not_echoed(shell_of: Shells, member: User, live_server: Any) -> None:
    said = on_a_terminal(shell_of(url=""), "login", live_server.url, "--email", member.email, answer=b"wrong-one\n")
    assert "Password:" in said and "wrong-one" not in said


def test_names_are_completed_and_silent_without_a_server(shell: Shell) -> None:
    make_provider(name="sydney")
    asked = {"_CODERADMIN_COMPLETE": "bash_complete", "COMP_WORDS": "coderadmin providers show syd", "COMP_CWORD": "3"}
    assert complete(shell, asked) == "plain,sydney\n"
    assert complete(shell, asked | {"COMP_WORDS": "coderadmin tokens revoke to"}) == "plain,token 1\n"
    assert complete(Shell(url="http://127.0.0.1:9", token="t", home=shell.home), asked).strip() == ""
    script = subprocess.run([*COMMAND, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    assert "_CODERADMIN_COMPLETE=bash_complete" in script


def complete(shell: Shell, asked: dict[str, str]) -> str:
    patient = "import coderadmin.cli as c, coderadmin.client.things as things; things.COMPLETION_SECONDS = 60"
    code = f"{patient}; c.main(prog_name='coderadmin')"
    environment = os.environ | shell.environment | asked
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def queued() -> Operation:
    wait_until(lambda: Operation.objects.exists(), PATIENCE)
    return Operation.objects.get()


def end(operation: Operation, state: OperationState, **fields: Any) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=state, finished_at=timezone.now(), **fields)


def on_a_terminal(shell: Shell, *arguments: str, answer: bytes = b"", **environment: str) -> str:
    """What the terminal shows. `answer` is typed as soon as something was asked."""
    ours, theirs = pty.openpty()
    known = {name: value for name, value in os.environ.items() if not name.startswith(("CODER", "NO_COLOR"))}
    known |= {"TERM": "xterm-256color", "COLUMNS": "200"} | shell.environment | environment
    process = subprocess.Popen([*COMMAND, *arguments], env=known, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = read_until(ours, lambda text: bool(answer) and text.rstrip().endswith((b":", b"?")))
    if answer:
        os.write(ours, answer)
        said += read_until(ours, lambda text: False)
    process.wait(timeout=PATIENCE)
    os.close(ours)
    return said.decode()


def read_until(terminal: int, is_enough: Callable[[bytes], bool]) -> bytes:
    """Also until the other end is closed."""
    said, begun = b"", time.monotonic()
    while time.monotonic() - begun < PATIENCE and not is_enough(said):
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    return said
