"""Packets to segments, and sealed evidence cut from them.

``Recorder`` writes what packet sources yield (``recorder.source``) and never decodes;
``Relay`` hands the same packets to live viewers, ``recorder.watch.watch`` is their end;
``cut``, ``snapshot``, ``Vault`` and ``EvidenceCutter`` make evidence from the recordings.
"""
