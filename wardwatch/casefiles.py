"""Case files of a site, as the configuration has it."""

from core.clock import Clock
from core.config.site import Site
from core.store.database import Store
from recorder.casefile.exports import Exports
from recorder.casefile.station import Station
from recorder.signing.certificates import load_roots
from wardwatch.paths import Paths
from wardwatch.vaults import authority, evidence_book, open_vault, sealer_of


def station_of(site: Site, paths: Paths, store: Store, clock: Clock) -> Station:
    """What case files of a site are made from.

    Raises:
        ConfigError: certificates that the configuration names cannot be read.
        SigningError: the same, of cameras.
    """
    return Station(
        site=site,
        store=store,
        vault=open_vault(site, paths, clock),
        sealer=sealer_of(site, paths, clock),
        clock=clock,
        recordings=paths.recordings,
        authority=authority(site),
        camera_roots=tuple(load_roots(site.signing.roots)),
    )


def exports_of(site: Site, paths: Paths, store: Store, clock: Clock) -> Exports:
    """The case files that the console has made."""
    station = station_of(site, paths, store, clock)
    return Exports(station, paths.case_files, evidence_book(site, paths, clock))
