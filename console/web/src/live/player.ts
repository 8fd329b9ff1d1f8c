// Live video: fragmented MP4 or WebM from a WebSocket into a <video> by Media Source Extensions.

import { CAMERA, type Pace, plan, retryDelay, spansOf } from "./buffer";

export type PlayerState = "connecting" | "playing" | "stalled" | "unsupported";

const TICK_MS = 500;
/** Without a new fragment for so long the connection counts as dead. */
const SILENCE_MS = 8000;
/** Fragments waiting for the decoder; beyond it something is badly wrong: start over. */
const MAX_WAITING = 2000;

/** What the server says between pictures. */
export interface Word {
  /** Of a camera's initialisation, which follows. */
  codec?: string;
  /** The whole content type of another's. */
  mime?: string;
  quiet_s?: number;
  over?: string;
  evidence?: string | null;
  broken?: string;
}

export interface Manner {
  pace: Pace;
  /** Without new pictures for so long what is seen is no longer live, and says so. */
  frozenMs: number;
  heard(word: Word): void;
}

type Source = typeof MediaSource;

function mediaSource(): Source | undefined {
  const managed = (window as unknown as { ManagedMediaSource?: Source }).ManagedMediaSource;
  return managed ?? window.MediaSource;
}

export class LivePlayer {
  private socket?: WebSocket;
  private source?: MediaSource;
  private buffer?: SourceBuffer;
  private address = "";
  private waiting: ArrayBuffer[] = [];
  private failures = 0;
  private heardAt = 0;
  private received = false;
  private pictureAt = 0;
  private stopped = false;
  private tickTimer = 0;
  private retryTimer = 0;
  private state?: PlayerState;

  constructor(
    private readonly video: HTMLVideoElement,
    /** Of the WebSocket, below the API's. */
    private readonly path: string,
    private readonly onState: (state: PlayerState) => void,
    private readonly manner: Manner = { pace: CAMERA, frozenMs: 2500, heard: () => undefined },
  ) {}

  start(): void {
    if (!mediaSource()) {
      this.say("unsupported");
      return;
    }
    this.tickTimer = window.setInterval(() => this.tick(), TICK_MS);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.clearInterval(this.tickTimer);
    window.clearTimeout(this.retryTimer);
    this.disconnect();
    this.closeSource();
  }

  private say(state: PlayerState): void {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }

  private connect(): void {
    if (this.failures === 0) this.say("connecting");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1${this.path}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = performance.now();
    this.received = false;
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket !== this.socket) return;
      this.heardAt = performance.now();
      if (typeof event.data === "string") {
        this.hear(JSON.parse(event.data) as Word);
      } else {
        this.received = true;
        this.pictureAt = performance.now();
        this.waiting.push(event.data);
        if (this.waiting.length > MAX_WAITING) this.again();
        else this.append();
      }
    };
    socket.onclose = () => {
      if (socket === this.socket) this.again();
    };
  }

  private hear(word: Word): void {
    if (word.codec) this.open(`video/mp4; codecs="${word.codec}"`);
    else if (word.mime) this.open(word.mime);
    // What came is played to its end; nothing more will.
    if (word.over || word.broken) {
      this.stopped = true;
      window.clearInterval(this.tickTimer);
      this.disconnect();
    }
    this.manner.heard(word);
  }

  private disconnect(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private again(): void {
    this.disconnect();
    if (this.stopped) return;
    window.clearTimeout(this.retryTimer);
    const delay = retryDelay(this.failures, Math.random());
    this.failures += 1;
    this.say("stalled");
    this.retryTimer = window.setTimeout(() => this.connect(), delay * 1000);
  }

  private open(mime: string): void {
    this.closeSource();
    const Source = mediaSource();
    if (!Source?.isTypeSupported(mime)) {
      this.say("unsupported");
      this.stopped = true;
      this.disconnect();
      return;
    }
    const source = new Source();
    this.source = source;
    this.waiting = [];
    source.addEventListener("sourceopen", () => {
      if (source !== this.source) return;
      URL.revokeObjectURL(this.address);
      const buffer = source.addSourceBuffer(mime);
      buffer.addEventListener("updateend", () => {
        this.tick();
        this.append();
      });
      // The element reports the error; the connection is made anew.
      buffer.addEventListener("error", () => this.again());
      this.buffer = buffer;
      this.append();
    });
    this.address = URL.createObjectURL(source);
    this.video.disableRemotePlayback = true;
    this.video.src = this.address;
  }

  private closeSource(): void {
    this.buffer = undefined;
    this.source = undefined;
    this.waiting = [];
    if (this.address) {
      URL.revokeObjectURL(this.address);
      this.video.removeAttribute("src");
      this.video.load();
      this.address = "";
    }
  }

  private append(): void {
    const buffer = this.buffer;
    if (!buffer || buffer.updating || this.source?.readyState !== "open") return;
    const next = this.waiting.shift();
    if (!next) return;
    try {
      buffer.appendBuffer(next);
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError") {
        this.waiting.unshift(next);
        buffer.remove(0, Math.max(0.1, this.video.currentTime - 2));
      } else {
        this.again();
      }
    }
  }

  private tick(): void {
    if (this.stopped) return;
    const buffer = this.buffer;
    if (this.socket && performance.now() - this.heardAt > SILENCE_MS) {
      this.again();
      return;
    }
    if (!buffer || this.source?.readyState !== "open") return;
    const video = this.video;
    const decided = plan(spansOf(buffer.buffered), video.currentTime, video.playbackRate, this.manner.pace);
    if (decided.seekTo !== undefined) video.currentTime = decided.seekTo;
    if (video.playbackRate !== decided.rate) video.playbackRate = decided.rate;
    if (decided.removeBefore !== undefined && !buffer.updating) {
      buffer.remove(0, decided.removeBefore);
    }
    if (video.paused && buffer.buffered.length > 0) {
      // Muted video may always play; a hidden page pauses it and it goes on when shown.
      void video.play().catch(() => undefined);
    }
    // The last picture stays on the screen when the stream stops: it must not pass for live.
    if (
      this.socket?.readyState !== WebSocket.OPEN ||
      performance.now() - this.pictureAt > this.manner.frozenMs
    ) {
      this.say("stalled");
    } else if (!video.paused && video.readyState >= 2 && this.received) {
      this.failures = 0;
      this.say("playing");
    }
  }
}
