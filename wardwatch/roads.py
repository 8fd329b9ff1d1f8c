"""The road map of a site, compiled into the data directory."""

from alerts.roads.cache import open_roads
from alerts.roads.graph import Roads
from core.config.site import Site
from wardwatch.paths import Paths


def roads_of(site: Site, paths: Paths) -> Roads | None:
    """The roads that ``dispatch.roads`` names; None where it names none.

    Raises:
        RoadsError: the extract cannot be used.
    """
    if site.dispatch.roads is None:
        return None
    return open_roads(site.dispatch.roads, site.dispatch.snap_m, paths.data / "roads")
