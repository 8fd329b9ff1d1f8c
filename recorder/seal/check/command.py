"""``python verify.py``: the check as a command that needs no installation."""

import argparse
import json
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from recorder.seal.check.judge import Trust, judge
from recorder.seal.check.report import Report


def main(arguments: list[str] | None = None) -> int:
    """Check one case file; 0 when it is authentic, 1 when it is anything less."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parser = argparse.ArgumentParser(
        description="核验封存的证据 Check sealed evidence. 退出码 exit code: 0 = 真实 authentic."
    )
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        default=Path(sys.argv[0]).resolve().parent,
        help="案卷 ZIP 或文件夹 case file: ZIP or folder; 默认本脚本所在处 default: beside this",
    )
    parser.add_argument(
        "--trust",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="所信任的签名证书或机构证书 certificates that may sign, or whose holders may issue",
    )
    parser.add_argument(
        "--fingerprint",
        action="append",
        default=[],
        metavar="SHA256",
        help="所信任证书的指纹 fingerprint of a certificate that may sign",
    )
    parser.add_argument(
        "--stamp-roots",
        type=Path,
        action="append",
        default=[],
        metavar="PEM",
        help="时间戳机构根证书 roots of time-stamp authorities",
    )
    parser.add_argument("--json", action="store_true", help="JSON")
    wanted = parser.parse_args(arguments)
    try:
        trust = trust_of(wanted.trust, wanted.fingerprint, wanted.stamp_roots)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return show(judge(wanted.path, trust), as_json=wanted.json)


def trust_of(files: list[Path], fingerprints: list[str], roots: list[Path]) -> Trust:
    """What to measure against, from files and fingerprints.

    Raises:
        OSError: a file cannot be read.
        ValueError: it holds no certificate, or a fingerprint is none.
    """
    given = [one for file in files for one in x509.load_pem_x509_certificates(file.read_bytes())]
    plain = [one.replace(":", "").strip().lower() for one in fingerprints]
    for one in plain:
        if len(bytes.fromhex(one)) != 32:
            raise ValueError(f"{one}: a SHA-256 fingerprint has 64 hexadecimal digits")
    return Trust(
        frozenset(plain) | {_fingerprint(one) for one in given},
        tuple(given),
        tuple(one for file in roots for one in x509.load_pem_x509_certificates(file.read_bytes())),
    )


def show(report: Report, *, as_json: bool) -> int:
    """Print a report; the exit code that belongs to it."""
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        print(report.as_text())
    return 0 if report.authentic else 1


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()
