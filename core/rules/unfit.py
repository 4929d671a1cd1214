"""Why a file is not taken. Pure."""

import re

MARKUP = re.compile(
    rb"<\s{0,8}(?:!doctype|html|head|body|script|svg|iframe|object|embed|meta|link|style|img|math|form)\b", re.IGNORECASE
)


class Unfit(ValueError):
    """A file that is not taken: a code, the rest of a sentence that begins with its name, and what to do."""

    def __init__(self, code: str, found: str, remedy: str) -> None:
        super().__init__(found)
        self.code, self.found, self.remedy = code, found, remedy
