"""What a GStreamer camera is made of, as ``gst-launch-1.0`` writes it. Imports nothing: the
system's Python runs it, too.

Options: fps, gop (key-int-max), kbps, size, pattern, codec (h264, h265, mjpeg), audio (alaw,
ulaw, aac, g726, aal2-g726), flash (the picture is white for half of every second, and a tick
sounds once a second, always at the same distance).
"""


def encoders(options):
    """The picture's encoder and, if there is one, the sound's."""
    fps, gop = options.get("fps", 15), options.get("gop", 15)
    width, height = options.get("size", [320, 240])
    codec = {
        "h264": f"x264enc tune=zerolatency speed-preset=ultrafast key-int-max={gop} "
        f"bitrate={options.get('kbps', 500)} ! h264parse",
        "h265": f"x265enc tune=zerolatency speed-preset=ultrafast key-int-max={gop} ! h265parse",
        "mjpeg": "jpegenc",
    }[options.get("codec", "h264")]
    size, flash = f"video/x-raw,format=I420,width={width},height={height}", options.get("flash")
    source = "videotestsrc is-live=true pattern="
    parts = [
        # Of two pictures a second each is repeated: what videorate gives comes half a second late.
        f"{source}blink ! {size},framerate=2/1 ! videorate ! {size},framerate={fps}/1 ! {codec}"
        if flash
        else f"{source}{options.get('pattern', 'ball')} ! {size},framerate={fps}/1 ! {codec}"
    ]
    audio = options.get("audio")
    if audio:
        g726 = "rate=8000,channels=1 ! audioconvert ! avenc_g726 bitrate=32000"
        kind = {
            "alaw": "rate=8000,channels=1 ! alawenc",
            "ulaw": "rate=8000,channels=1 ! mulawenc",
            "aac": "rate=16000,channels=1 ! audioconvert ! avenc_aac ! aacparse",
            "g726": g726,
            "aal2-g726": g726,
        }["alaw" if audio is True else audio]
        wave = "wave=ticks freq=1000" if flash else ""
        parts.append(f"audiotestsrc is-live=true {wave} ! audioconvert ! audio/x-raw,{kind}")
    return parts


def launch(options):
    """The same with payloaders, as GstRtspServer wants it; ``file`` plays an MP4 of H.264."""
    if "file" in options:
        return f"( filesrc location={options['file']} ! qtdemux ! rtph264pay name=pay0 pt=96 )"
    picture = {
        "h264": "rtph264pay name=pay0 pt=96 config-interval=-1",
        "h265": "rtph265pay name=pay0 pt=96 config-interval=-1",
        "mjpeg": "rtpjpegpay name=pay0 pt=26",
    }[options.get("codec", "h264")]
    audio = options.get("audio")
    sound = {
        "alaw": "rtppcmapay name=pay1 pt=8",
        "ulaw": "rtppcmupay name=pay1 pt=0",
        "aac": "rtpmp4gpay name=pay1 pt=97",
        "g726": "rtpg726pay force-aal2=false name=pay1",
        "aal2-g726": "rtpg726pay force-aal2=true name=pay1",
    }["alaw" if audio in (True, None) else audio]
    parts = encoders(options)
    pays = [picture, sound][: len(parts)]
    return "( " + " ".join(f"{p} ! {pay}" for p, pay in zip(parts, pays, strict=True)) + " )"
