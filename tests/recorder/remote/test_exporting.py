"""Case files of evidence that is only elsewhere."""

import threading
from dataclasses import replace

import pytest

from recorder.remote.cache import Cache, Limits
from recorder.remote.errors import RemoteError
from recorder.remote.library import Library
from recorder.remote.records import Records
from recorder.remote.s3 import S3
from recorder.remote.sending import Sender
from recorder.remote.uploads import Uploads
from recorder.remote.vault import RemoteVault
from recorder.seal.check.judge import judge
from tests.recorder.casefile.conftest import short_film, world
from tests.recorder.casefile.world import INCIDENT, World
from tests.recorder.remote.conftest import Bucket

__all__ = ["short_film", "world"]


def test_a_case_file_fetches_what_is_elsewhere(world: World, bucket: Bucket) -> None:
    root, clock, station = world.station.vault.root, world.clock, world.station
    remote = S3(bucket.place)
    library = Library(lambda: remote, Records(root), clock)
    vault = RemoteVault(root, clock, station.sealer, library)
    world.station = replace(station, vault=vault)
    world.incident()
    uploads = Uploads(
        vault, Sender(remote, clock, None, read_back=False), Cache(vault, clock, Limits()), clock
    )
    uploads.once(threading.Event())
    items = vault.manifest(INCIDENT).items
    for item in items:
        vault.give_up(item)
        assert not vault.path_of(item).exists()
    made = world.export()
    assert judge(made.path).authentic
    made.path.unlink()
    assert all(vault.path_of(item).exists() for item in items), "compared when they were fetched"

    vault.give_up(items[0])
    bucket.spoil(items[0].path, b"planted")
    with pytest.raises(RemoteError, match="not what was sealed"):
        world.export()
    remote.close()
