"""Sources to packets and frames: RTSP cameras and files, always coming back.

``RtspSource`` and ``FileSource`` yield events (``ingest.events``) through ``packets(stop)``;
``LiveFrames`` decodes a source for analysis and keeps the newest picture;
``file_frames`` reads a clip picture by picture for a replay.
"""
