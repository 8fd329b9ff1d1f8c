"""Looking back: recordings played from where they lie, without decoding or copying them.

``Library`` is the face: time lines, HLS playlists with their media, films of any range, thumbnails.
"""
