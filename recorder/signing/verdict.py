"""What a check of a camera's signatures found, in words and as JSON.

Two questions apart, as ONVIF Media Signing asks them: is the video what was signed
(authenticity), and was it a camera that is trusted here who signed it (provenance).
"""

from typing import Literal

from pydantic import Field

from core.value import Text, Value

State = Literal["authentic", "authentic_with_missing_parts", "not_signed", "not_authentic"]
GroupState = Literal["authentic", "authentic_with_missing_parts", "not_authentic", "unverified"]
Provenance = Literal["trusted", "not_trusted", "not_checked"]

WORDS: dict[State, Text] = {
    "authentic": Text(zh="真实", en="authentic"),
    "authentic_with_missing_parts": Text(zh="真实，有缺失", en="authentic with missing parts"),
    "not_signed": Text(zh="未签名", en="not signed"),
    "not_authentic": Text(zh="不真实", en="not authentic"),
}
PROVENANCE_WORDS: dict[Provenance, Text] = {
    "trusted": Text(zh="证书可信", en="certificate trusted"),
    "not_trusted": Text(zh="证书不可信", en="certificate not trusted"),
    "not_checked": Text(zh="证书未校验", en="certificate not checked"),
}


class GroupVerdict(Value):
    """One group of pictures.

    ``unverified``: nothing is wrong with it, its signature would come later than the video ends.
    """

    first_s: float = Field(description="Its first picture, seconds from the start.")
    pictures: int
    state: GroupState
    why: str = ""


class Signer(Value):
    """Who signed, by the certificate; and what the device says of itself, which proves nothing."""

    subject: str
    issuer: str
    fingerprint: str = Field(description="SHA-256 of the certificate.")
    not_before_ns: int
    not_after_ns: int
    user_provisioned: bool = False
    manufacturer: str = ""
    serial: str = ""
    firmware: str = ""


class Verdict(Value):
    """What was found of one file.

    ``authentic`` speaks of the ``verified`` pictures. ``unverified`` ones come after the last
    signature, which cameras put into the group that follows.
    """

    state: State
    why: str = Field(default="", description="What is wrong or missing; empty when all is well.")
    provenance: Provenance = "not_checked"
    provenance_why: str = ""
    judged_ns: int | None = Field(
        default=None, description="The time of recording at which the certificate was judged."
    )
    pictures: int = 0
    verified: int = Field(default=0, description="Pictures that a signature covers.")
    unverified: int = Field(default=0, description="Pictures after the last signature.")
    missing: int = Field(default=0, description="Signed pieces of pictures that are not there.")
    groups: tuple[GroupVerdict, ...] = ()
    signer: Signer | None = None
    camera_first_ns: int | None = Field(
        default=None, description="UTC by the camera's clock that is signed first."
    )
    camera_last_ns: int | None = Field(default=None, description="The last one.")
    certificates: str = Field(
        default="",
        description="Hex of a signing SEI with the certificates that the camera sent before "
        "this video began; a later check needs it. Empty: they are in the video.",
    )

    @property
    def words(self) -> Text:
        """The verdict for people."""
        state, origin = WORDS[self.state], PROVENANCE_WORDS[self.provenance]
        if self.signer is None:
            return state
        return Text(zh=f"{state.zh}；{origin.zh}", en=f"{state.en}; {origin.en}")


NOT_SIGNED = Verdict(state="not_signed")
