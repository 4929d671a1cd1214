"""Theme and density: what may be chosen, and the class on `html` that says so."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Appearance:
    """One choice: the cookie that keeps it, the values offered (the first is the default), the class of each."""

    key: str
    values: tuple[str, ...]
    classes: Mapping[str, str]

    def chosen(self, cookies: Mapping[str, str]) -> str:
        """Return the chosen value, the default where none or an unknown one is kept."""
        kept = cookies.get(self.key, "")
        return kept if kept in self.values else self.values[0]


COOKIES = {
    "theme": Appearance("purser_theme", ("system", "light", "dark"), {"light": "theme-light", "dark": "theme-dark"}),
    "density": Appearance("purser_density", ("comfortable", "compact"), {"compact": "density-compact"}),
}


def html_class(cookies: Mapping[str, str]) -> str:
    """Return the classes for `html` that the cookies ask for."""
    found = (choice.classes.get(choice.chosen(cookies), "") for choice in COOKIES.values())
    return " ".join(name for name in found if name)
