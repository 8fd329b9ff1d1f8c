"""A case file of an incident that no camera saw."""

import json
import zipfile

from PIL import Image

from core.geometry import GeoPoint
from tests.recorder.casefile.test_export import texts
from tests.recorder.casefile.world import World


def test_the_document_says_that_the_public_told_of_it_and_where(world: World) -> None:
    found = world.incident()
    place = GeoPoint(lon=112.461, lat=30.4236)
    told = {"camera": "", "zone": "", "place": place, "place_error_m": 25.0, "tips": ("tip-1",)}
    with world.store.begin() as unit:
        unit.incidents.put(found.model_copy(update=told))
        sighting = unit.sightings.get(found.sightings[0])
        assert sighting is not None
        unit.sightings.put(sighting.model_copy(update={"source": "tip", "camera": ""}))
    picture = world.root / "tip.jpg"
    Image.new("RGB", (320, 240), "grey").save(picture)
    now_ns = world.clock.utc_ns()
    item = world.station.vault.seal(
        found.id, "tip_photo", picture, camera="public", first_ns=now_ns, last_ns=now_ns
    )
    with world.store.begin() as unit:
        unit.evidence.put(item)
    made = world.export()
    documents = texts(made.path)
    said = documents["证据说明"]
    for words in ("无，由群众举报", "112.461000", "误差约25米", "发现方式群众举报"):
        assert words in said
    assert "举报照片" in documents["提取固定清单"]
    assert "群众所述的发生时间" in documents["时间线"]
    assert "系统发现" not in documents["时间线"]
    assert "已撤除" not in said
    with zipfile.ZipFile(made.path) as file:
        assert f"tips/{item.path.rpartition('/')[2]}" in file.namelist()
        gaps = json.loads(file.read("gaps.json"))
    assert "public" not in [one["camera"] for one in gaps["cameras"]]
