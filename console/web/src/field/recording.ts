// Voice and film: every few seconds a piece leaves the recorder for the outbox, so that what was
// recorded is kept, and on its way, while recording goes on.

import { ref } from "vue";
import { FileEntries } from "./entries";
import type { NewEntry } from "./outbox";
import type { Fix } from "./types";

/** The desk sees a film so much later than it happens, and what the network takes. */
const PIECE_MS = { audio: 3_000, video: 1_000 } as const;
/** Who begins to look at a film waits for the next picture that needs no other. */
const KEY_EVERY_MS = 2_000;
/** A microphone that gives nothing holds back the pictures, too: after so long we go on without it. */
const SILENT_MS = 4_000;
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
  /** The microphone gives nothing: a film goes on without sound, a voice message has nothing yet. */
  readonly silent = ref(false);
  /** Resolves when the last piece is kept: whether anything was recorded at all. */
  readonly ended: Promise<boolean>;
  private readonly type: string;
  private readonly keep: (...entries: NewEntry[]) => Promise<void>;
  private recorder: MediaRecorder;
  private keeping: Promise<void> | undefined;
  private finish!: (ended: Promise<boolean>) => void;
  private listening: number;
  /** Tells a camera that has not begun from a microphone that gives nothing. */
  private readonly eye = document.createElement("video");

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
    this.type = type;
    this.keep = keep;
    const mime = type.split(";")[0] as string;
    this.file = new FileEntries(officer, { kind, mime, ...about, made: this.began, fix });
    running.add(this.file.id);
    this.ended = new Promise((resolve) => (this.finish = resolve));
    this.recorder = this.record(stream);
    this.eye.muted = true;
    this.eye.srcObject = new MediaStream(stream.getVideoTracks());
    void this.eye.play().catch(() => undefined);
    this.listening = window.setTimeout(() => this.goOnWithoutSound(), SILENT_MS);
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

  private record(stream: MediaStream): MediaRecorder {
    const recorder = new MediaRecorder(stream, {
      mimeType: this.type,
      videoBitsPerSecond: 1_200_000,
      audioBitsPerSecond: 32_000,
      videoKeyFrameIntervalDuration: KEY_EVERY_MS,
    } as MediaRecorderOptions);
    recorder.ondataavailable = ({ data }) => this.take(data);
    recorder.onstop = () => this.end();
    recorder.start(PIECE_MS[this.kind]);
    return recorder;
  }

  /** One after the other: their numbers are their order. A file begins with what is in it. */
  private take(data: Blob): void {
    if (data.size === 0) return;
    this.silent.value &&= this.kind === "video";
    window.clearTimeout(this.listening);
    this.eye.srcObject = null;
    this.keeping = (this.keeping ?? this.keep(this.file.begin())).then(() => this.keep(...this.file.cut(data)));
  }

  private goOnWithoutSound(): void {
    if (this.recorder.state === "inactive") return;
    if (this.kind === "video" && this.eye.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
      this.listening = window.setTimeout(() => this.goOnWithoutSound(), SILENT_MS);
      return;
    }
    this.silent.value = true;
    if (this.kind === "audio") return;
    this.recorder.ondataavailable = this.recorder.onstop = null;
    this.recorder.stop();
    this.recorder = this.record(new MediaStream(this.stream.getVideoTracks()));
  }

  private end(): void {
    window.clearTimeout(this.listening);
    this.eye.srcObject = null;
    for (const track of this.stream.getTracks()) track.stop();
    const seconds = (Date.now() - this.began) / 1000;
    const kept = this.keeping?.then(() => this.keep(this.file.finish({ seconds })));
    const ended = kept?.then(() => true) ?? Promise.resolve(false);
    this.finish(ended.finally(() => running.delete(this.file.id)));
  }
}
