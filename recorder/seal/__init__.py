"""Proof that evidence is what was sealed: digests, signatures, time-stamps, custody, the log.

``Sealer`` signs and logs what ``recorder.vault`` keeps; ``Deletions`` signs what was deleted;
``recorder.seal.check.judge`` gives the verdict, ``standalone.verify_script`` is it as one file.
"""
