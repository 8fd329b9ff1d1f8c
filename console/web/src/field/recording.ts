// Voice and film: every few seconds a piece leaves the recorder for the outbox, so that what was
// recorded is kept, and on its way, while recording goes on.

import { FileEntries } from "./entries";
import type { NewEntry } from "./outbox";
import type { Fix } from "./types";

/** The desk sees a film so much later than it happens, and what the network takes. */
const PIECE_MS = { audio: 3_000, video: 1_000 } as const;
/** Who begins to look at a film waits for the next picture that needs no other. */
const KEY_EVERY_MS = 2_000;
export const LONGEST_S = { audio: 300, video: 1800 } as const;
const TYPES = {
  audio: ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"],
  video: ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"],
} as const;
const ASKED = {
  audio: { audio: true },
  video: {
    audio: true,
    video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
  },
} as const;

/** What a file belongs to: an order, a call for help, or both. */
export interface About {
  order?: string;
  alarm?: string;
}

/** Files that are being recorded on this page: nobody else finishes them. */
export const running = new Set<string>();

export class Recording {
  readonly stream: MediaStream;
  readonly kind: "audio" | "video";
  readonly began = Date.now();
  readonly file: FileEntries;
  /** Resolves when the last piece is kept. */
  readonly ended: Promise<void>;
  private readonly recorder: MediaRecorder;
  private keeping: Promise<void>;

  private constructor(
    kind: "audio" | "video",
    stream: MediaStream,
    type: string,
    officer: string,
    about: About,
    fix: Fix | null,
    keep: (...entries: NewEntry[]) => Promise<void>,
  ) {
    this.kind = kind;
    this.stream = stream;
    const mime = type.split(";")[0] as string;
    this.file = new FileEntries(officer, { kind, mime, ...about, made: this.began, fix });
    this.recorder = new MediaRecorder(stream, {
      mimeType: type,
      videoBitsPerSecond: 1_200_000,
      audioBitsPerSecond: 32_000,
      videoKeyFrameIntervalDuration: KEY_EVERY_MS,
    } as MediaRecorderOptions);
    running.add(this.file.id);
    this.keeping = keep(this.file.begin());
    this.recorder.ondataavailable = ({ data }) => {
      // One after the other: their numbers are their order.
      if (data.size > 0) this.keeping = this.keeping.then(() => keep(...this.file.cut(data)));
    };
    this.ended = new Promise((resolve, reject) => {
      this.recorder.onstop = () => {
        for (const track of stream.getTracks()) track.stop();
        const seconds = (Date.now() - this.began) / 1000;
        this.keeping
          .then(() => keep(this.file.finish({ seconds })))
          .then(resolve, reject)
          .finally(() => running.delete(this.file.id));
      };
    });
    this.recorder.start(PIECE_MS[kind]);
    for (const track of stream.getTracks()) track.onended = () => this.stop();
  }

  /** Throws a DOMException when the phone does not let us. */
  static async start(
    kind: "audio" | "video",
    officer: string,
    about: About,
    fix: Fix | null,
    keep: (...entries: NewEntry[]) => Promise<void>,
  ): Promise<Recording> {
    const type = TYPES[kind].find((one) => MediaRecorder.isTypeSupported(one));
    if (!type) throw new DOMException(kind, "NotSupportedError");
    const stream = await navigator.mediaDevices.getUserMedia(ASKED[kind]);
    return new Recording(kind, stream, type, officer, about, fix, keep);
  }

  stop(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }
}
