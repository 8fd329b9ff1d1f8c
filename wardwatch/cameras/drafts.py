"""From a draft to the keys of ``cameras.yaml``, and what an address may be."""

import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from core.config.base import Id
from core.config.cameras import PULLED, PUSHED
from core.credentials import Credential
from core.errors import ConfigError
from core.networks import Networks
from core.roster import CameraDraft
from wardwatch.cameras.splice import Fields

WORDS_MOST = 1024
_ID: TypeAdapter[str] = TypeAdapter(Id)
_ODD = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class NewCamera:
    """A camera that is to be put on the roster."""

    id: str
    draft: CameraDraft
    credential: Credential | None = None


def checked_id(camera_id: str) -> str:
    """The id, if it is one.

    Raises:
        ConfigError: it is not.
    """
    try:
        return _ID.validate_python(camera_id)
    except ValidationError:
        raise ConfigError(
            f"{camera_id[:80]!r} is no id; write lower-case letters, digits, - and _, "
            "beginning with a letter or digit, 63 at most"
        ) from None


def fields_of(draft: CameraDraft, before: Fields) -> dict[str, Any]:
    """What a draft sets in a camera's entry.

    Args:
        before: the entry as it is.
    """
    fields: dict[str, Any] = {}
    if draft.name is not None:
        fields["name"] = {"zh": draft.name.zh, "en": draft.name.en}
    if draft.enabled is not None:
        fields["enabled"] = draft.enabled
    if draft.place is not None:
        other = draft.place.datum if draft.place.datum != "WGS-84" else None
        fields["place"] = {"lon": draft.place.lon, "lat": draft.place.lat, "datum": other}
    if draft.bearing_deg is not None:
        fields["bearing_deg"] = _short(draft.bearing_deg)
    streams: dict[str, Any] = {}
    if draft.main is not None:
        streams["main"] = draft.main
    if draft.sub is not None:
        streams["sub"] = draft.sub or None
    if draft.transport is not None:
        streams["transport"] = draft.transport
    if streams:
        fields["streams"] = streams
    if draft.onvif is not None:
        fields["onvif"] = draft.onvif or None
    speaker = before.get("speaker")
    if draft.speaker is False:
        fields["speaker"] = None
    elif draft.speaker and not isinstance(speaker, dict):
        fields["speaker"] = {"driver": "onvif", "url": None}
    return fields


def check_words(draft: CameraDraft, credential: Credential | None) -> None:
    """Refuse what no camera's configuration holds: control characters, endless words.

    Raises:
        ConfigError: names the field, never the password.
    """
    words = {
        "name": f"{draft.name.zh}{draft.name.en}" if draft.name else "",
        "main": draft.main or "",
        "sub": draft.sub or "",
        "onvif": draft.onvif or "",
        "username": credential.username if credential else "",
        "password": credential.password if credential else "",
    }
    for field, text in words.items():
        wrong = odd(text)
        if wrong:
            raise ConfigError(f"{field}: {wrong}")
    if draft.name is not None and draft.name.blank:
        raise ConfigError("name: is empty")


def odd(text: str) -> str:
    """What is wrong with a piece of text; empty when nothing is."""
    if len(text) > WORDS_MOST:
        return f"longer than {WORDS_MOST} characters"
    if any(unicodedata.category(char) in _ODD for char in text):
        return "has a control character in it"
    return ""


def check_addresses(
    draft: CameraDraft, networks: Networks, *, files: bool, resolve: bool = True
) -> None:
    """Refuse addresses that we are not to connect to.

    Args:
        files: a file may stand for a stream.
        resolve: also ask for the addresses of names; each connection does so again.

    Raises:
        ConfigError: no address, or of no kind that a camera has.
        AddressError: outside the configured networks.
    """
    for field, url in (("main", draft.main), ("sub", draft.sub)):
        if url:
            _check_stream(field, url, networks, files=files, resolve=resolve)
    if draft.onvif:
        host = host_of("onvif", draft.onvif if "://" in draft.onvif else f"http://{draft.onvif}")
        _check_host(host, networks, resolve=resolve)


def host_of(field: str, url: str) -> str:
    """The host of an address.

    Raises:
        ConfigError: it has none, or has credentials in it; the address is not quoted.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        bad = parts.port == 0
    except ValueError:
        host, bad = None, True
    if bad or not host:
        raise ConfigError(f"{field}: is no address; write e.g. rtsp://192.168.1.64:554/path")
    if "@" in parts.netloc:
        raise ConfigError(
            f"{field}: has a user name or password in it; give them apart from the address"
        )
    return host


def _check_stream(field: str, url: str, networks: Networks, *, files: bool, resolve: bool) -> None:
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    if scheme in PULLED:
        _check_host(host_of(field, url), networks, resolve=resolve)
    elif scheme in PUSHED:
        return
    elif not files or scheme != "file":
        raise ConfigError(f"{field}: write an address of {', '.join((*PULLED, *PUSHED))}")


def _check_host(host: str, networks: Networks, *, resolve: bool) -> None:
    if resolve or host.replace(".", "").isdigit() or ":" in host:
        networks.address_of(host)


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else number
