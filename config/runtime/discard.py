"""Throw the embedded server of this checkout away, data included. `make distclean` calls it."""

from pathlib import Path

from config.runtime.embedded import EmbeddedServer, home_of


def discard(var: Path) -> None:
    """Stop and remove the cluster that belongs to `var`, where there is one."""
    home = home_of(var)
    if home.exists():
        EmbeddedServer(home).remove()


if __name__ == "__main__":
    discard(Path(__file__).resolve().parents[2] / "var")
