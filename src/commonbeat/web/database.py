"""Which database does a site use?  Read from DATABASE_URL, for the settings and for those who save and restore."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from commonbeat.errors import BadInput

__all__ = ["postgres_at"]


def postgres_at(url: str) -> dict[str, str]:
    """postgres://user:password@host:port/name -> its parts. The host may be %2Fthe%2Ffolder of a socket."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise BadInput("DATABASE_URL must look like postgres://user:password@host:port/name.")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": _host(parts.netloc),
        "PORT": str(parts.port or ""),
    }


def _host(netloc: str) -> str:
    place = netloc.rpartition("@")[2]
    return place[1:].split("]")[0] if place.startswith("[") else unquote(place.split(":")[0])
