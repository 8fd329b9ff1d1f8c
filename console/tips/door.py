"""The door for the public: tips, their photos, and questions by code.

Nobody signs in. A phone's token opens its own tip and nothing else; it comes in a body or a header,
never in an address, so that no log of addresses holds it.
"""

import hashlib

from console.errors import ProblemError
from console.field.times import happened
from console.services import Services
from console.tips.limits import Buckets, Budget, Challenges, bits_for, network_of
from console.tips.models import PublicStep, Received, StatusOut, TipIn
from console.tips.photos import Album, Cleaners, PhotoError
from core.clock import NS_PER_S, iso
from core.config.tips import Tips
from core.geometry import GeoPoint
from core.store.unit import Unit
from core.tipcode import code_hash, code_of, read_code, tip_id
from core.tips import WAITING, Tip, TipChanged, TipPhoto, TipState, TipStep

PUBLIC = "public"
PHOTOS_FOLLOW_NS = 24 * 3600 * NS_PER_S
"""So long after the words photos are taken: a phone may have lost its network."""
_DAY_NS = 86_400 * NS_PER_S
_CLOSED_S = "86400"
_FULL_S = "3600"


class Door:
    """Takes in what the public says. Thread-safe."""

    def __init__(self, services: Services) -> None:
        clock = services.clock
        self._services = services
        self.challenges = Challenges(clock)
        self._budget = Budget(clock, self._newest())
        self._tips, self._photos, self._questions = (Buckets(clock) for _ in range(3))
        self._cleaners = Cleaners()
        self.album = Album(services.tips_root)

    def _newest(self) -> list[int]:
        """When the newest tips came in, as many as an hour may have."""
        most = self._config.total_per_hour
        with self._services.store.read() as unit:
            found = unit.tips.find(newest_by="submitted_ns", limit=most)
        return [one.submitted_ns for one in reversed(found)]

    @property
    def _config(self) -> Tips:
        return self._services.site.tips

    def bits(self) -> int:
        """How hard a challenge is at present."""
        return bits_for(self._config.proof_bits, self._budget.share(self._config.total_per_hour))

    def submit(self, given: TipIn, address: str) -> Received:
        """Take a tip in; one that is here already is answered as it was then.

        Raises:
            ProblemError: none are taken, or a limit is reached, or something is missing.
        """
        config, network = self._config, network_of(address)
        with self._services.store.read() as unit:
            known = unit.tips.get(tip_id(given.token))
        if known is not None:
            self._questions.take(network, config.lookups_per_hour, config.lookups_per_hour)
            return self._received(given.token, known)
        if not config.enabled:
            raise ProblemError(
                503, "closed", "No tips are taken here", "", {"retry-after": _CLOSED_S}
            )
        tip = self._checked(given)
        # The proof first: whoever sends without one must not use up a network's tips.
        self.challenges.spend(given.challenge, given.answer)
        self._tips.take(network, config.network_per_hour, config.network_burst)
        self._budget.take(config.total_per_hour)
        with self._services.store.begin() as unit:
            known = unit.tips.get(tip.id)
            if known is None:
                self._check_open(unit)
                unit.tips.put(tip)
                facts = {"kind": tip.kind.value, "photos": tip.photos_expected}
                unit.audit.append(PUBLIC, "tip.received", tip.id, "", facts)
        if known is None:
            self._tell(tip)
        return self._received(given.token, known or tip)

    def expects(self, token: str, address: str) -> Tip:
        """The tip that a photo is to belong to; asked before any of its octets is taken in.

        Raises:
            ProblemError: 404 there is none, 429 too many wrong questions.
        """
        with self._services.store.read() as unit:
            tip = unit.tips.get(tip_id(token))
        if tip is None:
            rate = self._config.lookups_per_hour
            self._questions.take(network_of(address), rate, rate)
            raise ProblemError(404, "no-tip", "There is no such tip", "Send the tip first.")
        return tip

    def photo(self, token: str, number: int, content: bytes, address: str) -> Received:
        """Take a photo in; the same one again changes nothing.

        Raises:
            ProblemError: 404 no such tip, 409 another photo has that number, 422 it is none that
                we take, 429 and 507 limits.
        """
        config, network = self._config, network_of(address)
        sent = hashlib.sha256(content).hexdigest()
        tip = self.expects(token, address)
        if self._is_here(tip, number, sent):
            return self._received(token, tip)
        if number >= min(tip.photos_expected, config.max_photos):
            raise ProblemError(422, "number", "So many photos were not announced")
        now_ns = self._services.clock.utc_ns()
        if now_ns - tip.submitted_ns > PHOTOS_FOLLOW_NS:
            raise ProblemError(409, "too-late", "It is too late for photos", "Send another tip.")
        most = max(1, config.max_photos)
        self._photos.take(network, config.network_per_hour * most, config.network_burst * most)
        self.album.check_room(round(config.max_gb * 1e9))
        try:
            clean = self._cleaners.clean(content, round(config.max_megapixels * 1e6))
        except PhotoError as error:
            raise ProblemError(422, error.code, "This photo is not taken", str(error)) from None
        original = content if config.keep_originals else None
        with self._services.store.begin() as unit:
            now = unit.tips.get(tip.id)
            if now is None:
                raise ProblemError(404, "no-tip", "There is no such tip")
            tip = now
            if self._is_here(tip, number, sent):
                return self._received(token, tip)
            size = self.album.put(tip.id, number, clean.jpeg, original)
            photo = TipPhoto(
                number=number,
                sent_sha256=sent,
                sha256=clean.sha256,
                bytes=size,
                width=clean.width,
                height=clean.height,
                received_ns=now_ns,
                taken=clean.taken,
                place=clean.place,
            )
            photos = sorted((*tip.photos, photo), key=lambda one: one.number)
            tip = tip.model_copy(update={"photos": tuple(photos)})
            unit.tips.put(tip)
            facts = {"number": number, "sha256": clean.sha256, "sent_sha256": sent}
            unit.audit.append(PUBLIC, "tip.photo", tip.id, "", facts)
        self._tell(tip)
        return self._received(token, tip)

    def status(self, typed: str, address: str) -> StatusOut:
        """What became of a tip, by its code.

        Raises:
            ProblemError: 404 there is none, 422 it is mistyped, 429 too many questions.
        """
        config = self._config
        rate = config.lookups_per_hour
        self._questions.take(network_of(address), rate, rate)
        code = read_code(typed)
        if code is None:
            raise ProblemError(422, "mistyped", "This is no code", "Look for a mistyped symbol.")
        hashed = code_hash(self._services.secret, code)
        with self._services.store.read() as unit:
            found = unit.tips.find(code_hash=hashed, limit=1)
        if not found:
            raise ProblemError(404, "no-code", "There is no tip with this code")
        (tip,) = found
        return StatusOut(
            state=tip.state,
            submitted=iso(tip.submitted_ns),
            steps=[
                PublicStep(state=one.state, at=iso(one.at_ns), answer=one.answer)
                for one in tip.history
            ],
        )

    def _checked(self, given: TipIn) -> Tip:
        config, site = self._config, self._services.site
        if given.website:
            raise ProblemError(
                400,
                "not-a-person",
                "This looks as if a program had filled it in",
                "Leave the field `website` empty.",
                {"retry-after": "60"},
            )
        if len(given.words) > config.max_words:
            raise ProblemError(422, "words", "Too many words", f"{config.max_words} letters.")
        if given.photos > config.max_photos:
            raise ProblemError(422, "photos", "Too many photos", f"{config.max_photos} at most.")
        if not (given.words or given.photos or given.place_words):
            raise ProblemError(422, "empty", "Say something, or add a photo")
        place = GeoPoint(lon=given.lon, lat=given.lat)
        if place.distance_m(site.centre) > config.reach_km * 1000:
            raise ProblemError(
                422, "far-away", "This place is not in our township", f"{config.reach_km:g} km"
            )
        now_ns = self._services.clock.utc_ns()
        happened_ns, _ = happened(given.happened, given.sent, now_ns)
        if now_ns - happened_ns > config.oldest_days * _DAY_NS:
            raise ProblemError(
                422, "long-ago", "This was too long ago", f"{config.oldest_days} days."
            )
        code = code_of(self._services.secret, given.token)
        return Tip(
            id=tip_id(given.token),
            code_hash=code_hash(self._services.secret, code),
            kind=given.kind,
            place=place,
            accuracy_m=given.accuracy_m,
            placed=given.placed,
            place_words=given.place_words,
            words=given.words,
            happened_ns=happened_ns,
            submitted_ns=now_ns,
            language=given.language,
            photos_expected=given.photos,
            history=(TipStep(state=TipState.RECEIVED, at_ns=now_ns, actor=PUBLIC),),
        )

    def _check_open(self, unit: Unit) -> None:
        if sum(unit.tips.count(state=one.value) for one in WAITING) >= self._config.max_open:
            raise ProblemError(
                503,
                "desk-full",
                "More tips have come in than can be looked at",
                "Try again later.",
                {"retry-after": _FULL_S},
            )

    @staticmethod
    def _is_here(tip: Tip, number: int, sent: str) -> bool:
        for one in tip.photos:
            if one.number == number:
                if one.sent_sha256 != sent:
                    raise ProblemError(409, "other-photo", "Another photo has this number")
                return True
        return False

    def _received(self, token: str, tip: Tip) -> Received:
        return Received(
            code=code_of(self._services.secret, token),
            state=tip.state,
            photos=[one.number for one in tip.photos],
        )

    def _tell(self, tip: Tip) -> None:
        news = TipChanged(id=tip.id, state=tip.state, at_ns=self._services.clock.utc_ns())
        self._services.feed.push("tips", news)
