"""A way into one database, in the three forms it is asked for: libpq, Django, and an address for a child process."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import psycopg


@dataclass(frozen=True)
class Login:
    host: str = ""
    port: str = ""
    dbname: str = "postgres"
    user: str = ""
    password: str = ""
    options: str = ""

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Login":
        """Read the login out of one entry of Django's DATABASES."""
        return cls(
            host=str(settings.get("HOST") or ""),
            port=str(settings.get("PORT") or ""),
            dbname=str(settings.get("NAME") or "postgres"),
            user=str(settings.get("USER") or ""),
            password=str(settings.get("PASSWORD") or ""),
            options=str(settings.get("OPTIONS", {}).get("options", "")),
        )

    def as_role(self, role: str) -> "Login":
        """Return this login switched to `role` from its first statement on."""
        return replace(self, options=f"{self.options} -c role={role}".strip())

    def to(self, dbname: str) -> "Login":
        return replace(self, dbname=dbname)

    def connect(self) -> psycopg.Connection[Any]:
        """Open an autocommit connection."""
        given = {key: value for key, value in vars(self).items() if value}
        return psycopg.connect(autocommit=True, **given)

    def django(self) -> dict[str, Any]:
        """Return what to lay over an entry of Django's DATABASES."""
        return {"HOST": self.host, "PORT": self.port, "NAME": self.dbname, "USER": self.user, "PASSWORD": self.password}

    def url(self) -> str:
        """Return the address as DATABASE_URL takes it."""
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        port = f":{self.port}" if self.port else ""
        query = f"?{urlencode({'options': self.options})}" if self.options else ""
        return f"postgresql://{quote(self.user, safe='')}{secret}@{self.host}{port}/{quote(self.dbname, safe='')}{query}"
