"""A process that hands one message to Apprise: JSON on standard input, an answer on output.

Whatever Apprise and the libraries below it do, this process connects to no address outside the
networks it was given: the interpreter's own audit hook (PEP 578) sees the address itself, after
names were resolved, and cannot be taken off again.
"""

import ipaddress
import json
import logging
import os
import sys
from typing import Any

import apprise

from core.networks import Networks

_OFFLINE = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})


def main() -> None:
    """Deliver, and say how it went."""
    given = json.load(sys.stdin)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]  # a proxy would connect in our place
    heard = _listen()
    _stay_within(Networks(tuple(ipaddress.ip_network(one) for one in given["networks"])), heard)
    service = apprise.Apprise.instantiate(given["url"], suppress_exceptions=True)
    ok = False
    if isinstance(service, apprise.NotifyBase):
        kind = apprise.NotifyType.WARNING if given["serious"] else apprise.NotifyType.INFO
        ok = bool(service.notify(title=given["title"], body=given["body"], notify_type=kind))
    else:
        heard.append("the address is none that Apprise understands")
    json.dump({"ok": ok, "said": " ".join(heard)}, sys.stdout)


def _listen() -> list[str]:
    """What Apprise complains of."""
    heard: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said = record.getMessage()
            # It warns of the fact and says the cause one level lower; the rest may be secret.
            if record.levelno >= logging.WARNING or "Exception" in said:
                heard.append(said)

    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(_Ear())
    return heard


def _stay_within(networks: Networks, heard: list[str]) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _OFFLINE:
            raise PermissionError("a courier starts no programs")
        if event not in ("socket.connect", "socket.sendto"):
            return
        address = arguments[-1]
        if isinstance(address, tuple) and not networks.permits(str(address[0])):
            heard.append(f"{address[0]} lies outside notify.networks")
            raise PermissionError(f"{address[0]} lies outside notify.networks")

    sys.addaudithook(hook)


if __name__ == "__main__":
    main()
