"""What is sealed, by the commands of docs/design/evidence.md: OpenSSL has the last word."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509

from core.clock import SystemClock
from core.networks import PRIVATE, Networks
from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.judge import Trust, judge
from recorder.seal.check.sm2 import sm2_point, sm2_verifies
from recorder.seal.check.stamps import read_stamp
from recorder.seal.errors import StampError
from recorder.seal.timestamp import Authority
from tests.recorder.seal.conftest import INCIDENT, Station, station_in

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl"),
]

LOOPBACK = Networks((ip_network("127.0.0.0/8"),))


def openssl(*arguments: object, cwd: Path, ok: bool = True) -> str:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout


VERIFY = {
    "p256": "dgst -sha256 -verify key.pub -signature manifest.sig.p256 manifest.json",
    "ed25519": "pkeyutl -verify -pubin -inkey key.pub -rawin -in manifest.json "
    "-sigfile manifest.sig.ed25519",
    "sm2": "dgst -sm3 -sigopt distid:1234567812345678 -verify key.pub "
    "-signature manifest.sig.sm2 manifest.json",
}


@pytest.mark.parametrize("kind", VERIFY)
def test_openssl_verifies_the_manifest(make_station: Callable[..., Station], kind: str) -> None:
    station = make_station(**({"sm2": True} if kind == "sm2" else {"kind": kind}))
    station.seal()
    signer = station.keys.signers()[-1]
    key = station.folder / signer.key_file
    if kind == "sm2":
        (station.folder / "key.pub").write_bytes(key.read_bytes())
    else:
        public = openssl("x509", "-in", key, "-noout", "-pubkey", cwd=station.folder)
        (station.folder / "key.pub").write_text(public)
    command = VERIFY[kind].split()
    openssl(*command, cwd=station.folder)
    manifest = station.folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"river-1", b"river-2"))
    openssl(*command, cwd=station.folder, ok=False)


def test_openssl_reads_the_private_keys(make_station: Callable[..., Station]) -> None:
    station = make_station(sm2=True)
    station.keys.signers()
    for path in sorted(station.keys.folder.glob("*.key")):
        openssl("pkey", "-in", path, "-check", "-noout", cwd=station.root)


def test_openssl_signs_sm2_for_us(tmp_path: Path) -> None:
    openssl("genpkey", "-algorithm", "sm2", "-out", "key.pem", cwd=tmp_path)
    openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub", cwd=tmp_path)
    (tmp_path / "data").write_bytes(b"evidence")
    sign = "dgst -sm3 -sigopt distid:1234567812345678 -sign key.pem -out sig data"
    openssl(*sign.split(), cwd=tmp_path)
    point = sm2_point((tmp_path / "key.pub").read_bytes())
    signature = (tmp_path / "sig").read_bytes()
    assert sm2_verifies(point, signature, b"evidence")
    assert not sm2_verifies(point, signature, b"evidenc3")
    with pytest.raises(UnreadableError):
        sm2_verifies(point, signature[:-1], b"evidence")


TSA = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[purpose]
extendedKeyUsage = critical,timeStamping
"""


class StampServer:
    """``openssl ts`` behind HTTP; ``spoil`` changes its answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spoil: Callable[[bytes], bytes] = lambda answer: answer
        self.make_authority()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                answer = outer.spoil(outer.reply(body))
                self.send_response(200 if answer else 503)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tsa"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def make_authority(self) -> None:
        (self.folder / "ts.cnf").write_text(TSA)
        (self.folder / "serial").write_text("01")
        new = "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=Root -keyout ca.key -out ca.pem"
        openssl(*new.split(), cwd=self.folder)
        ask = "req -new -newkey rsa:2048 -nodes -subj /CN=Stamps -keyout tsa.key -out tsa.csr"
        openssl(*ask.split(), cwd=self.folder)
        sign = (
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -days 30 -set_serial 7 "
            "-extfile ts.cnf -extensions purpose -out tsa.pem"
        )
        openssl(*sign.split(), cwd=self.folder)

    def reply(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        reply = "ts -reply -config ts.cnf -queryfile query -out answer"
        openssl(*reply.split(), cwd=self.folder)
        return (self.folder / "answer").read_bytes()

    def roots(self) -> tuple[x509.Certificate, ...]:
        return (x509.load_pem_x509_certificate((self.folder / "ca.pem").read_bytes()),)

    def authority(self) -> Authority:
        return Authority(self.url, self.roots(), LOOPBACK)


@pytest.fixture(scope="module")
def stamps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StampServer]:
    server = StampServer(tmp_path_factory.mktemp("tsa"))
    yield server
    server.server.shutdown()
    server.thread.join()
    server.server.server_close()


@pytest.fixture
def stamped(tmp_path: Path) -> Station:
    """By the real time, which the authority has too."""
    return station_in(tmp_path, SystemClock(), stamped=True)


def put(station: Station, text: str) -> None:
    file = station.root / "clip.mp4"
    file.write_text(text)
    station.vault.seal(INCIDENT, "clip", file, camera="c", first_ns=1, last_ns=2)


def test_a_sealed_manifest_is_stamped(stamped: Station, stamps: StampServer) -> None:
    stamps.spoil = lambda answer: answer
    put(stamped, "first")
    assert stamped.vault.stamp_waiting(stamps.authority().stamp) == 1
    assert stamped.vault.stamp_waiting(stamps.authority().stamp) == 0
    trust = Trust(stamp_roots=stamps.roots())
    report = judge(stamped.folder, trust)
    assert report.authentic, report.as_text()
    assert report.provenance.stamp is not None
    assert report.provenance.stamp["trusted"] is True
    check = f"ts -verify -data manifest.sig.p256 -in manifest.tsr -CAfile {stamps.folder}/ca.pem"
    assert "Verification: OK" in openssl(*check.split(), cwd=stamped.folder)

    # Another item: a new manifest waits for its stamp, the one that had one is kept.
    put(stamped, "second")
    assert not (stamped.folder / "manifest.tsr").exists()
    assert stamped.vault.verify(INCIDENT).authentic
    kept = sorted(path.name for path in (stamped.folder / "stamped").iterdir())
    assert kept == ["0001-manifest.json", "0001-manifest.sig.p256", "0001-manifest.tsr"]
    check = (
        "ts -verify -data stamped/0001-manifest.sig.p256 -in stamped/0001-manifest.tsr "
        f"-CAfile {stamps.folder}/ca.pem"
    )
    openssl(*check.split(), cwd=stamped.folder)
    assert stamped.vault.stamp_waiting(stamps.authority().stamp) == 1
    assert judge(stamped.folder, trust).authentic

    # A stamp of something else, and one by an authority that is not trusted.
    other = (stamped.folder / "stamped/0001-manifest.tsr").read_bytes()
    own = (stamped.folder / "manifest.tsr").read_bytes()
    (stamped.folder / "manifest.tsr").write_bytes(other)
    assert "stamp_bad" in {one.code for one in judge(stamped.folder, trust).findings}
    (stamped.folder / "manifest.tsr").write_bytes(own)
    stranger = Trust(stamp_roots=stamped.keys.signers()[0].identity.certificates)
    assert "stamp_stranger" in {one.code for one in judge(stamped.folder, stranger).findings}


def test_an_authority_that_is_away_keeps_nothing_up(stamped: Station, stamps: StampServer) -> None:
    put(stamped, "first")
    stamps.spoil = lambda _: b""
    with pytest.raises(StampError, match="answered 503"):
        stamped.vault.stamp_waiting(stamps.authority().stamp)
    nobody = Authority("http://127.0.0.1:9/", stamps.roots(), LOOPBACK)
    with pytest.raises(StampError):
        stamped.vault.stamp_waiting(nobody.stamp)
    assert stamped.vault.verify(INCIDENT).authentic
    stamps.spoil = lambda answer: answer
    assert stamped.again().vault.stamp_waiting(stamps.authority().stamp) == 1


def test_spoilt_answers_are_refused(stamps: StampServer) -> None:
    data = b"a signature"
    stamps.spoil = lambda answer: answer
    good = stamps.authority().stamp(data)
    for spoil in (
        lambda _: good,  # an answer to an earlier request
        lambda answer: answer[:-1],
        lambda answer: answer[:-1] + bytes([answer[-1] ^ 1]),
        lambda _: b"<html>",
        lambda _: bytes.fromhex("30053003020102"),  # refused
    ):
        stamps.spoil = spoil
        with pytest.raises(StampError):
            stamps.authority().stamp(data)
    stamps.spoil = lambda answer: answer
    away = Authority(stamps.url, stamps.roots(), Networks(PRIVATE))
    with pytest.raises(StampError, match=r"outside the networks of seal\.timestamp\.networks"):
        away.stamp(data)


def test_no_bit_of_a_stamp_matters_in_vain(stamps: StampServer) -> None:
    """Whatever is flipped, the reader refuses it or still says the same."""
    stamps.spoil = lambda answer: answer
    data = b"a signature"
    good = stamps.authority().stamp(data)
    said = read_stamp(good, data, stamps.roots())
    refused = 0
    for at in range(0, len(good), 7):
        spoilt = good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :]
        try:
            found = read_stamp(spoilt, data, stamps.roots())
        except UnreadableError:
            refused += 1
        else:
            assert (found.utc_ns, found.serial) == (said.utc_ns, said.serial)
    assert refused > 100
