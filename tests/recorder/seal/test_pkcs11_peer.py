"""A key in a token: SoftHSM."""

import importlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import ManualClock
from recorder.seal.check.signatures import P256, verifies
from recorder.seal.errors import KeyFileError
from recorder.seal.keys import KeyRing
from recorder.seal.pkcs11 import Pkcs11Signer, Token

MODULE = next(
    (one for one in sorted(Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"))),
    Path("/usr/lib/softhsm/libsofthsm2.so"),
)
PIN = "1234"

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not MODULE.exists(), reason="needs softhsm2"),
]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A token with a key pair; SoftHSM reads its configuration once a process."""
    root = tmp_path_factory.mktemp("softhsm")
    (root / "tokens").mkdir()
    (root / "softhsm2.conf").write_text(f"directories.tokendir = {root}/tokens\n")
    os.environ["SOFTHSM2_CONF"] = str(root / "softhsm2.conf")
    arguments = f"--init-token --free --label station --so-pin 12345678 --pin {PIN}"
    subprocess.run(
        ["softhsm2-util", *arguments.split()],
        check=True,
        capture_output=True,
    )
    pkcs11 = importlib.import_module("pkcs11")
    library = pkcs11.lib(str(MODULE))
    token = library.get_token(token_label="station")
    with token.open(rw=True, user_pin=PIN) as session:
        encode = importlib.import_module("pkcs11.util.ec").encode_named_curve_parameters
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC,
            {pkcs11.Attribute.EC_PARAMS: encode("secp256r1")},
            local=True,
        )
        parameters.generate_keypair(store=True, label="evidence")
    yield MODULE
    del os.environ["SOFTHSM2_CONF"]


def test_a_token_signs_and_certifies_itself(
    module: Path, tmp_path: Path, clock: ManualClock
) -> None:
    token = Token(module, "station", "evidence", PIN)
    ring = KeyRing(
        tmp_path / "keys",
        clock,
        station="望守镇",
        driver=lambda folder: Pkcs11Signer(folder, token, clock, "望守镇"),
    )
    (signer,) = ring.signers()
    signature = signer.sign(b"evidence")
    assert verifies(signer.identity, P256, signature, b"evidence")
    assert not verifies(signer.identity, P256, signature, b"evidenc3")
    certificate = signer.identity.certificates[0]
    certificate.verify_directly_issued_by(certificate)
    assert ring.trust().knows(signer.identity)
    with pytest.raises(KeyFileError, match="make a new key in the token"):
        ring.rotate()


@pytest.mark.parametrize(
    ("token", "key", "pin"),
    [("other", "evidence", PIN), ("station", "other", PIN), ("station", "evidence", "0000")],
)
def test_what_is_wrong_is_named(module: Path, token: str, key: str, pin: str) -> None:
    with pytest.raises(KeyFileError, match=f"token '{token}', key '{key}'"):
        Token(module, token, key, pin)
