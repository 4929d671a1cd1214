"""A small OpenID Connect provider on loopback, as an organization's own would answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Provider(ThreadingHTTPServer):
    """Answers discovery, tokens and claims. `claims` is what it says of whoever signs in."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.claims: dict[str, Any] = {"sub": "1"}
        self.exchanged: list[dict[str, list[str]]] = []

    def described(self) -> dict[str, Any]:
        names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        endpoints = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in names.items()}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **endpoints}


class Answer(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        said: dict[str, Any] = {"/.well-known/openid-configuration": self.server.described(), "/userinfo": self.server.claims}
        self._say(said.get(urlsplit(self.path).path))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.exchanged.append(parse_qs(body))
        self._say({"access_token": "access", "token_type": "Bearer", "expires_in": 60})

    def _say(self, answer: Any) -> None:
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[Provider]:
    """Let a provider answer inside the block."""
    with Provider() as provider:
        thread = threading.Thread(target=provider.serve_forever, args=[0.01])
        thread.start()
        try:
            yield provider
        finally:
            provider.shutdown()
            thread.join()
