"""Chat groups and e-mail by Apprise, each message in a process of its own.

Apprise opens its connections itself. In a process of its own no connection can leave the
configured networks (:mod:`.courier`), and one that hangs is ended in time.
"""

import json
import re
import subprocess
import sys
from urllib.parse import quote

from alerts.notify.channel import ChannelDeniedError, ChannelError, Driver, Message
from alerts.notify.notifications import local
from core.config.notify import AppriseChannel
from core.config.site import Site
from core.value import Language

SERVICES = frozenset(
    {
        "wecombot", "dingtalk", "feishu", "lark", "mailto", "mailtos", "json", "jsons",
        "form", "forms", "xml", "xmls", "ntfy", "ntfys", "gotify", "gotifys",
    }
)  # fmt: skip
"""Of Apprise's services those that are sent by network; others start programs on this machine."""
_MOST_LINES = 20
_DENIED = re.compile(
    r"\b(401|403|535|530|unauthori[sz]ed|forbidden|authentication|invalid key)\b", re.I
)
_SHORT = 300
RECIPIENT = "{recipient}"
"""Where an address names the person who is summoned."""


class Apprise(Driver):
    """Sends through one Apprise address.

    Raises:
        ChannelError: there is no address, or its service is none of :data:`SERVICES`.
    """

    def __init__(self, channel: AppriseChannel, secret: str | None, site: Site) -> None:
        self._channel, self._site = channel, site
        if secret is None:
            raise ChannelError(
                f"channel {channel.id}: has no address; set one with "
                f"`wardwatch notify secret {channel.id}`"
            )
        service = secret.partition("://")[0].lower()
        if service not in SERVICES:
            known = ", ".join(sorted(SERVICES))
            raise ChannelError(
                f"channel {channel.id}: its address begins with none of {known} and ://"
            )
        self._url = secret

    def send(self, message: Message) -> None:
        """Hand it to Apprise; it has ``timeout_s``, and a little for starting."""
        title, body = written(message, self._site, self._channel.language)
        given = {
            "url": self._address(message),
            "title": title,
            "body": body,
            "serious": any(one.serious for one in message.notifications),
            "networks": [str(one) for one in self._site.notify.networks],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "alerts.notify.courier"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            told, _ = process.communicate(json.dumps(given).encode(), self._channel.timeout_s + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise self._error(ChannelError, f"no answer in {self._channel.timeout_s:g} s") from None
        try:
            answer = json.loads(told)
        except ValueError:
            raise self._error(ChannelError, "Apprise ended without an answer") from None
        if answer["ok"]:
            return
        said = redact(str(answer["said"]), self._url)[:_SHORT] or "not delivered"
        denied = _DENIED.search(said) is not None
        raise self._error(ChannelDeniedError if denied else ChannelError, said)

    def _address(self, message: Message) -> str:
        """The address with the recipient, whatever characters that has, in its place."""
        summons = message.notifications[0].summons
        return self._url.replace(RECIPIENT, quote(summons.recipient, safe="") if summons else "")

    def _error(self, kind: type[ChannelError], what: str) -> ChannelError:
        service = self._url.partition("://")[0]
        return kind(f"channel {self._channel.id} ({service}): {what}")


def written(message: Message, site: Site, language: Language) -> tuple[str, str]:
    """Title and text for people."""
    summons = message.notifications[0].summons
    if summons is not None:
        one = message.notifications[0]
        said = f"{summons.mention} {local(one.at_ns, site)[6:11]} {one.text[language]}".strip()
        return f"❗{site.name[language]} {one.title[language]}", "\n".join(
            part for part in (said, summons.link) if part
        )
    lines = [
        f"{'❗' if one.serious else ''}{local(one.at_ns, site)} "
        f"{one.title[language]}：{one.text[language]}"
        for one in message.notifications
    ]
    if not message.summary:
        one = message.notifications[0]
        return f"{'❗' if one.serious else ''}{site.name[language]} {one.title[language]}", lines[0]
    count, grave = len(lines), sum(one.serious for one in message.notifications)
    # The serious ones first, so that what is cut off is what matters least.
    order = sorted(range(count), key=lambda n: not message.notifications[n].serious)
    shown = [lines[n] for n in order[:_MOST_LINES]]
    if language == "zh":
        title = f"{site.name.zh} {count} 条通知" + (f"（{grave} 条严重）" if grave else "")
        rest = f"另有 {count - _MOST_LINES} 条，请看值班台"
    else:
        title = f"{site.name.en}: {count} notices" + (f" ({grave} serious)" if grave else "")
        rest = f"and {count - _MOST_LINES} more: see the duty desk"
    return title, "\n".join([*shown, rest] if count > _MOST_LINES else shown)


def redact(text: str, secret: str) -> str:
    """The text without any part of a secret that is long enough to be one."""
    for part in sorted(set(re.split(r"[:/?&=@,\s]+", secret)), key=len, reverse=True):
        if len(part) >= 5:
            text = text.replace(part, "…")
    return text
