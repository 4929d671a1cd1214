"""Paths of cost centres, as what lies under what is told by them. Pure."""

from collections.abc import Sequence


def common_path(paths: Sequence[str]) -> str:
    """Return the path of the lowest cost centre that is at or above all of `paths`."""
    if not paths:
        return "/"
    split = [path.strip("/").split("/") for path in paths]
    shared = []
    for parts in zip(*split, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return f"/{'/'.join(shared)}/" if shared else "/"
