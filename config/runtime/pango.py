"""Whether PDFs can be made here, and what to install where they cannot."""

import ctypes
import ctypes.util
import shutil
import sys


def how_to_install_pango() -> str:
    """Return the command that installs Pango on this machine, or nothing where it is there."""
    if all(_found(name) for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")):
        return ""
    if sys.platform == "darwin":
        return "brew install pango"
    if shutil.which("apt-get"):
        return "sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    if shutil.which("dnf"):
        return "sudo dnf install -y pango"
    return "install Pango 1.44 or newer with this system's packages"


def _found(name: str) -> bool:
    for file in (f"lib{name}.so.0", f"lib{name}.0.dylib", f"lib{name}.dylib"):
        try:
            ctypes.CDLL(file)
        except OSError:
            continue
        return True
    return ctypes.util.find_library(name) is not None


if __name__ == "__main__":
    print(how_to_install_pango())  # noqa: T201  the Makefile reads it
