"""Secrets of channels: from the environment, a file, or the store of credentials."""

import os
from collections.abc import Mapping

from alerts.notify.channel import ChannelError
from core.config.notify import Channel
from core.config.site import Site
from core.credentials import Credential, credentials_of
from core.errors import ConfigError


def key_of(channel_id: str) -> str:
    """The name of a channel's entry among the credentials; no camera can be called so."""
    return f"notify.{channel_id}"


def secret_of(site: Site, channel: Channel, environ: Mapping[str, str] | None = None) -> str | None:
    """A channel's secret; None when none is set.

    Raises:
        ChannelError: the variable is not set, or the file or store cannot be used.
    """
    variables = os.environ if environ is None else environ
    if channel.secret_env is not None:
        found = variables.get(channel.secret_env)
        if not found:
            raise ChannelError(
                f"channel {channel.id}: secret_env: the environment variable "
                f"{channel.secret_env} is not set"
            )
        return found.strip()
    if channel.secret_file is not None:
        try:
            mode = channel.secret_file.stat().st_mode
            found = channel.secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ChannelError(
                f"channel {channel.id}: secret_file {channel.secret_file}: {error}"
            ) from None
        if mode & 0o077:
            raise ChannelError(
                f"channel {channel.id}: secret_file {channel.secret_file}: others can read it; "
                "chmod 600 it"
            )
        return found
    try:
        stored = credentials_of(site, variables).stored(key_of(channel.id))
    except ConfigError as error:
        raise ChannelError(f"channel {channel.id}: {error}") from None
    return None if stored is None else stored.password


def store_secret(site: Site, channel_id: str, secret: str) -> None:
    """Keep a channel's secret among the credentials, encrypted.

    Raises:
        ConfigError: the file or the key cannot be used.
    """
    credentials_of(site).put(key_of(channel_id), Credential("", secret))
