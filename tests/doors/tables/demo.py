"""The doors of a demo, which are there in a demo only."""

from tests.doors.words import Door, page, signed_in

# Whoever looks at a demo looks at all of it.
DOORS: list[Door] = [page("demo:mail", signed_in(), demo=True, shows="everything")]
