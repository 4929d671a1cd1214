"""What can go wrong about a call itself, whatever it asks for."""

from core.errors import InvalidInput, NotAllowed, Refusal, Stale


class BadBody(InvalidInput):
    """The body is no JSON that can be taken."""

    code = "invalid_json"


class BadParameter(InvalidInput):
    """A parameter of the address is not known or does not fit. `details` maps names to sentences."""

    code = "invalid_parameter"


class OutOfScope(NotAllowed):
    """The token was not made for this."""

    code = "scope"


class Changed(Stale):
    """The thing is not any more what the caller read (`If-Match`)."""

    code = "changed"
    status = 412


class MatchMissing(Refusal):
    """The call would overwrite something and does not say what it has read."""

    code = "if_match_missing"
    status = 428


class TooMany(Refusal):
    """The caller's share of calls is used up."""

    code = "rate_limited"
    status = 429

    def __init__(self, *, retry_after: int) -> None:
        super().__init__("You made too many calls in a minute.", remedy=f"Try again in {retry_after} seconds.")
        self.retry_after = retry_after
