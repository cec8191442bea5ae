"""The files of credentials that a fleet may name. A fleet that somebody else wrote must not make us send any file."""

from dataclasses import dataclass
from pathlib import Path

from coderadmin.client.errors import usage


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """`key`: what names it in the entry of `provider`."""

    provider: str
    key: str
    path: Path

    def read(self) -> str:
        """Raises ClientError."""
        try:
            text = self.path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise usage(f"{self.provider}: {self.path} can't be read: {reason}.") from error
        return f"{text}\n" if self.path.suffix == ".pem" else text


@dataclass(frozen=True, kw_only=True)
class Folders:
    """`base`: of the fleet's file, None when it comes from stdin; `allowed`: files and folders that were allowed."""

    base: Path | None
    allowed: tuple[Path, ...] = ()

    def find(self, text: str, *, provider: str, key: str) -> NamedFile:
        """Relative to the fleet's file, links followed. Raises ClientError for one that lies elsewhere."""
        path = ((self.base or Path.cwd()) / text).resolve()
        if not self._has(path):
            raise usage(
                f"{provider}: {key} names {path}, which is not beside the file of the fleet, or is hidden there.",
                remedy=f"If it may be read and sent: --allow-files {path}",
            )
        if path.exists() and not path.is_file():
            raise usage(f"{provider}: {path} is no file.")
        return NamedFile(provider=provider, key=key, path=path)

    def _has(self, path: Path) -> bool:
        if any(path.is_relative_to(each.resolve()) for each in self.allowed):
            return True
        base = self.base.resolve() if self.base else None
        if base is None or not path.is_relative_to(base):
            return False
        return not any(part.startswith(".") for part in path.relative_to(base).parts)
