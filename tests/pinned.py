"""`python -m tests.pinned`, of `make lint`: does a pinned dependency have a known vulnerability?

Ends with 1 if so. Where the source of advisories can't be reached, one line says that nobody looked.
"""

import json
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parent.parent / "requirements-dev.txt"
CACHE = Path(sys.prefix) / "pip-audit"  # nothing is written to the home folder
SECONDS = 120
ARGUMENTS = ["--require-hashes", "--disable-pip", "--timeout=5", "--progress-spinner=off", "--format=json"]


def main() -> int:
    command = [str(Path(sys.executable).with_name("pip-audit")), *ARGUMENTS, f"--cache-dir={CACHE}", f"-r={PINS}"]
    try:
        audit = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        found = json.loads(audit.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        sys.stdout.write("pip-audit: skipped, its source of advisories can't be reached from here.\n")
        return 0
    lines = [line for each in found for line in lines_about(each)]
    sys.stdout.write(("\n".join(lines) or f"pip-audit: {len(found)} pinned packages, no known vulnerability.") + "\n")
    return bool(lines)


def lines_about(package: dict) -> list[str]:
    pin = f"{package['name']} {package.get('version', '')}"
    return [
        f"{pin} has {each['id']}, corrected in {', '.join(each['fix_versions']) or 'no version yet'}."
        for each in package.get("vulns", [])
    ]


if __name__ == "__main__":
    sys.exit(main())
