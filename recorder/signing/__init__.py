"""Signatures that cameras put into their video (ONVIF Media Signing), verified.

``verify_file`` judges any file, ``SignatureWatch`` every segment as it is recorded,
``SignatureLog`` keeps what was found then. ``Verdict`` is the answer, with a JSON form.
"""
