"""One film in both codecs, and a camera's key."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from recorder.signing.nal import Codec
from tests.recorder.conftest import make_mp4
from tests.recorder.signing.signer import Authority, Picture, Signer, pem, pictures_of


@dataclass(frozen=True)
class Film:
    """A film of six groups of ten pictures."""

    path: Path
    codec: Codec
    pictures: list[Picture]


def _film(folder: Path, encoder: str) -> Film:
    path = make_mp4(folder / "film.mp4", seconds=6, codec=encoder)
    pictures, codec = pictures_of(path)
    return Film(path, codec, pictures)


@pytest.fixture(scope="session")
def h264(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return _film(tmp_path_factory.mktemp("h264"), "libx264")


@pytest.fixture(scope="session")
def h265(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return _film(tmp_path_factory.mktemp("h265"), "libx265")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def roots(authority: Authority) -> tuple[x509.Certificate, ...]:
    return (authority.certificate,)


@pytest.fixture(scope="session")
def camera(authority: Authority, h264: Film) -> Signer:
    """A camera of H.264 that signs as most do."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Signer(h264.codec, key, pem(authority.issue("Camera", key)))
