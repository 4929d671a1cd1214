"""What each process counts by itself; `/metrics` adds up all processes. Other figures are read from the database."""

from prometheus_client import Counter, Histogram

REQUESTS = Histogram(
    "purser_http_request_seconds",
    "How long requests took, by view, method and status.",
    ("view", "method", "status"),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REFUSALS = Counter("purser_refusals", "What was refused, by the refusal's code.", ("code",))
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count_request(*, view: str, method: str, status: int, seconds: float) -> None:
    """Count a request that was answered."""
    REQUESTS.labels(view=view, method=method if method in METHODS else "other", status=str(status)).observe(seconds)


def count_refusal(code: str) -> None:
    """Count a refusal."""
    REFUSALS.labels(code=code).inc()
