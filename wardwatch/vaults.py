"""The vault of a site with its keys, its log and its time-stamps, as the configuration has them."""

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509

from core.clock import Clock
from core.config.sealing import SecurityToken, TimeStamps
from core.config.site import Site
from core.errors import ConfigError
from core.networks import Networks
from recorder.remote.vault import RemoteVault
from recorder.removal import BOOK
from recorder.seal.deletion import Deletions
from recorder.seal.errors import KeyFileError
from recorder.seal.keys import Driver, KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.pkcs11 import Pkcs11Signer, Token
from recorder.seal.sealer import Sealer
from recorder.seal.timestamp import Authority
from recorder.vault import Vault
from wardwatch.paths import Paths
from wardwatch.remote import library_of


def open_vault(site: Site, paths: Paths, clock: Clock) -> Vault:
    """The vault of a running command centre: everything sealed in it is signed and logged."""
    sealer = sealer_of(site, paths, clock)
    if site.vault.url is None:
        return Vault(paths.vault, clock, sealer)
    return RemoteVault(paths.vault, clock, sealer, library_of(site, paths, clock))


def sealer_of(site: Site, paths: Paths, clock: Clock) -> Sealer:
    """Keys and log of a site.

    Raises:
        ConfigError: the roots of the time-stamp authority cannot be read.
    """
    keys = key_ring(site, paths, clock)
    stamps = site.seal.timestamp
    roots = _roots(site, stamps) if stamps is not None else ()
    log = SiteLog(paths.site_log, keys, clock)
    return Sealer(keys, log, stamps is not None, roots, site.seal.sm3)


def key_ring(site: Site, paths: Paths, clock: Clock) -> KeyRing:
    """The signing keys of a site."""
    token = site.seal.pkcs11
    return KeyRing(
        site.seal.keys or paths.keys,
        clock,
        station=site.name.zh,
        kind=site.seal.kind,
        sm2=site.seal.sm2,
        driver=_driver(token, site, clock, os.environ) if token is not None else None,
    )


def recordings_book(site: Site, paths: Paths, clock: Clock) -> Deletions:
    """Where the recorder writes down what it deletes."""
    return _book(paths.recordings / BOOK, site, paths, clock)


def evidence_book(site: Site, paths: Paths, clock: Clock) -> Deletions:
    """Where deleted evidence, case files and films are written down."""
    return _book(paths.deleted_evidence, site, paths, clock)


def _book(file: Path, site: Site, paths: Paths, clock: Clock) -> Deletions:
    keys = key_ring(site, paths, clock)
    return Deletions(file, keys, clock, SiteLog(paths.site_log, keys, clock))


def authority(site: Site) -> Authority | None:
    """Where time-stamps come from; None when none are configured.

    Raises:
        ConfigError: its roots cannot be read.
    """
    stamps = site.seal.timestamp
    if stamps is None:
        return None
    return Authority(stamps.url, _roots(site, stamps), Networks(stamps.networks))


def _roots(site: Site, stamps: TimeStamps) -> tuple[x509.Certificate, ...]:
    file = (site.directory or Path()) / stamps.roots
    try:
        return tuple(x509.load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigError(f"seal.timestamp.roots: {file}: no certificates: {error}") from None


def _driver(token: SecurityToken, site: Site, clock: Clock, environ: Mapping[str, str]) -> Driver:
    def driver(folder: Path) -> Pkcs11Signer:
        pin = environ.get(token.pin_env)
        if pin is None:
            raise KeyFileError(
                f"seal.pkcs11.pin_env: the environment variable {token.pin_env} is not set"
            )
        held = Token(token.module, token.token, token.key, pin)
        return Pkcs11Signer(folder, held, clock, site.name.zh)

    return driver
