// Voice and film: every few seconds a piece leaves the recorder for the outbox, so that what was
// recorded is kept, and on its way, while recording goes on.

import { FileEntries } from "./entries";
import type { NewEntry } from "./outbox";
import type { Fix } from "./types";

const PIECE_MS = 3_000;
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
    order: string,
    fix: Fix | null,
    keep: (...entries: NewEntry[]) => Promise<void>,
  ) {
    this.kind = kind;
    this.stream = stream;
    const mime = type.split(";")[0] as string;
    this.file = new FileEntries(officer, { kind, mime, order, made: this.began, fix });
    this.recorder = new MediaRecorder(stream, {
      mimeType: type,
      videoBitsPerSecond: 1_200_000,
      audioBitsPerSecond: 32_000,
    });
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
    this.recorder.start(PIECE_MS);
    for (const track of stream.getTracks()) track.onended = () => this.stop();
  }

  /** Throws a DOMException when the phone does not let us. */
  static async start(
    kind: "audio" | "video",
    officer: string,
    order: string,
    fix: Fix | null,
    keep: (...entries: NewEntry[]) => Promise<void>,
  ): Promise<Recording> {
    const type = TYPES[kind].find((one) => MediaRecorder.isTypeSupported(one));
    if (!type) throw new DOMException(kind, "NotSupportedError");
    const stream = await navigator.mediaDevices.getUserMedia(ASKED[kind]);
    return new Recording(kind, stream, type, officer, order, fix, keep);
  }

  stop(): void {
    if (this.recorder.state !== "inactive") this.recorder.stop();
  }
}
