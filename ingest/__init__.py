"""Sources to packets and frames: RTSP cameras and files, always coming back."""
