"""Words to sound with eSpeak NG, levelled for a horn.

eSpeak NG 1.52 comes as a shared library with PyPI's ``espeakng-loader`` and needs no network;
its Mandarin voice reads 禁止钓鱼 and 罚款 as syllables (Debian's 1.51 spells them as letters).
The library keeps global state: one lock for the whole process.
"""

import ctypes
import threading
from collections import OrderedDict
from typing import Any

import espeakng_loader
import numpy as np

from broadcast.audio import Audio, Pcm, for_horn
from broadcast.errors import SpeechError
from core.value import Language

MAX_CHARACTERS = 400
VOICES: dict[Language, str] = {"zh": "cmn", "en": "en"}
WORDS_PER_MINUTE: dict[Language, int] = {"zh": 190, "en": 160}
"""Slower than speech indoors: an echo from across the water must not cover the next word."""
_PITCH, _PITCH_RANGE, _VOLUME = 55, 45, 85
_CACHED = 64

# speak_lib.h of eSpeak NG 1.52
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_RATE, _VOLUME_PARAMETER, _PITCH_PARAMETER, _RANGE_PARAMETER = 1, 2, 3, 4
_CHARS_UTF8 = 1
_PHONEMES_IPA = 0x02
_CONTINUE, _ABORT = 0, 1
_MAX_SAMPLES = 22_050 * 120
_SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class _Espeak:
    """The shared library, opened once."""

    _instance: "_Espeak | None" = None
    lock = threading.Lock()

    def __init__(self) -> None:
        try:
            library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as error:
            raise SpeechError(f"eSpeak NG cannot be loaded: {error}") from None
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.c_int,
            ctypes.c_int,
        ]
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate = int(library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _DONT_EXIT))
        if self.rate <= 0:
            raise SpeechError(f"eSpeak NG does not start with its data in {data.decode()}")
        self._chunks: list[Pcm] = []
        self._length = 0
        # Kept as an attribute: the library calls it as long as it lives.
        self._callback = _SynthCallback(self._collect)
        library.espeak_SetSynthCallback(self._callback)
        self._library = library

    @classmethod
    def get(cls) -> "_Espeak":
        """The one instance; hold ``lock``."""
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
            self._length += count
        return _ABORT if self._length > _MAX_SAMPLES else _CONTINUE

    def choose(self, language: Language) -> None:
        """Voice, pace, pitch and volume."""
        voice = VOICES[language]
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SpeechError(f"eSpeak NG has no voice {voice!r}")
        for parameter, value in (
            (_RATE, WORDS_PER_MINUTE[language]),
            (_VOLUME_PARAMETER, _VOLUME),
            (_PITCH_PARAMETER, _PITCH),
            (_RANGE_PARAMETER, _PITCH_RANGE),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)

    def synthesise(self, text: str) -> Pcm:
        self._chunks, self._length = [], 0
        data = text.encode() + b"\0"
        code = self._library.espeak_Synth(data, len(data), 0, 1, 0, _CHARS_UTF8, None, None)
        if code != 0:
            raise SpeechError(f"eSpeak NG refuses the text (code {code})")
        chunks, self._chunks = self._chunks, []
        return np.concatenate(chunks) if chunks else np.zeros(0, np.int16)

    def phonemes(self, text: str) -> str:
        buffer = ctypes.create_string_buffer(text.encode())
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while place.value:
            spoken = self._library.espeak_TextToPhonemes(
                ctypes.byref(place), _CHARS_UTF8, _PHONEMES_IPA
            )
            clauses.append((spoken or b"").decode("utf-8"))
        return " ".join(" ".join(clauses).split())


def phonemes(text: str, language: Language = "zh") -> str:
    """How a text will be pronounced, in the International Phonetic Alphabet with tone digits.

    >>> phonemes("罚款")
    'fɑɜkhwˈa2n'
    """
    with _Espeak.lock:
        espeak = _Espeak.get()
        espeak.choose(language)
        return espeak.phonemes(_checked(text))


class Speech:
    """Makes words into sound for loudspeakers, remembers the last few."""

    def __init__(self) -> None:
        self._cache: OrderedDict[tuple[str, Language], Audio] = OrderedDict()
        self._cache_lock = threading.Lock()

    def render(self, text: str, language: Language = "zh") -> Audio:
        """The sound of a text, levelled for a horn. Safe to call from several threads.

        Raises:
            SpeechError: the text is empty or too long, or no sound comes out of it.
        """
        key = _checked(text), language
        with self._cache_lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        audio = for_horn(_synthesised(*key))
        with self._cache_lock:
            self._cache[key] = audio
            while len(self._cache) > _CACHED:
                self._cache.popitem(last=False)
        return audio


def _synthesised(text: str, language: Language) -> Audio:
    with _Espeak.lock:
        espeak = _Espeak.get()
        espeak.choose(language)
        pcm, rate = espeak.synthesise(text), espeak.rate
    if not pcm.any():
        raise SpeechError(f"nothing in {text!r} can be spoken; write words")
    return Audio(pcm, rate)


def _checked(text: str) -> str:
    """One line without control characters, at most :data:`MAX_CHARACTERS` long."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not cleaned:
        raise SpeechError("the warning text is empty")
    if len(cleaned) > MAX_CHARACTERS:
        raise SpeechError(
            f"the warning text has {len(cleaned)} characters, {MAX_CHARACTERS} at most: "
            f"{cleaned[:30]}…"
        )
    return cleaned
