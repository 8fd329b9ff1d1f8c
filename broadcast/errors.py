"""The room's errors: what went wrong, at which loudspeaker, what to do."""

from core.errors import WardwatchError


class BroadcastError(WardwatchError):
    """The root of this room's family."""


class TextError(BroadcastError):
    """No warning text fits, or a text cannot be filled in."""


class SpeechError(BroadcastError):
    """A text could not be made into audio, or an audio file is not usable."""


class SpeakerError(BroadcastError):
    """A loudspeaker could not be reached, refused, or gave up."""


class NoBackchannelError(SpeakerError):
    """The device offers no audio track that we may send on."""


class LevelError(SpeakerError):
    """The device's loudness cannot be set; the warning is said all the same."""


class SignInError(SpeakerError):
    """The device refuses the user name or password, or wants one."""


class StoppedError(SpeakerError):
    """We were told to stop before the end of the warning."""
