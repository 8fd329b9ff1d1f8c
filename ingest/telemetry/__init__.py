"""What drones say of themselves beside their pictures: where they were and how they looked.

One reader a format: ``klv`` (MISB ST 0601 in a stream), ``dji_srt`` (subtitles beside a film)
and ``tlog`` (MAVLink). All of them make a :class:`~ingest.telemetry.track.TelemetryTrack`.
"""
