"""A case file of an incident that no camera saw."""

from core.geometry import GeoPoint
from tests.recorder.casefile.test_export import texts
from tests.recorder.casefile.world import World


def test_the_document_says_that_the_public_told_of_it_and_where(world: World) -> None:
    found = world.incident()
    place = GeoPoint(lon=112.461, lat=30.4236)
    told = {"camera": "", "zone": "", "place": place, "place_error_m": 25.0, "tips": ("tip-1",)}
    with world.store.begin() as unit:
        unit.incidents.put(found.model_copy(update=told))
    said = texts(world.export().path)["证据说明"].replace("\n", "")
    assert "无，由群众举报" in said
    assert "112.461000" in said
    assert "已撤除" not in said
