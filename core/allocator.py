"""How the C library deals with the memory of pictures that come and go many times a second."""

import ctypes

# glibc, malloc.h: parameters of mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT = 64 << 20
_MAPPED = 32 << 20  # the most that glibc takes


def keep_freed_memory() -> bool:
    """Keep up to 64 MiB of what was freed, instead of giving it back to the kernel at once.

    A picture of 720p is given back when it is freed and must be mapped anew, page by page, at
    the next one: half of what the static-object map costs. For programs that work on pictures
    all the time; to be called early.

    Returns:
        False where the C library has no such setting (musl, macOS): nothing is changed then.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _MAPPED) and mallopt(_M_TRIM_THRESHOLD, _KEPT))
