// The recordings of one camera in a video element, by HLS.

import type Hls from "hls.js";
import type { Film } from "./playhead";

const BEFORE_MS = 10 * 60_000;
const AFTER_MS = 40 * 60_000;
/** Ask anew when this little is left before the end. */
const MARGIN_MS = 60_000;

export class HlsFilm implements Film {
  zero: number | null = null;
  failed = false;
  private hls: Hls | null = null;
  private from = 0;
  private to = 0;
  private asked = 0;
  private gone = false;

  constructor(
    private readonly camera: string,
    private readonly video: HTMLVideoElement,
    private readonly onFailed: () => void,
  ) {}

  get ready(): boolean {
    return this.zero !== null && !this.video.seeking && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  get position(): number {
    return this.video.currentTime;
  }

  /** Have the playlist around a moment; `end` is where recordings end at present. */
  async around(moment: number, end: number): Promise<void> {
    const enough = moment >= this.from && (moment < this.to - MARGIN_MS || this.to >= end);
    // At the end of what is recorded, ask every ten seconds whether there is more.
    const late = moment >= this.to && end > this.to && Date.now() - this.asked > 10_000;
    if (this.hls && enough && !late) return;
    this.asked = Date.now();
    this.from = moment - BEFORE_MS;
    this.to = Math.min(moment + AFTER_MS, end);
    await this.load(moment);
  }

  play(rate: number): void {
    if (Math.abs(this.video.playbackRate - rate) > 0.005) this.video.playbackRate = rate;
    if (this.video.paused) this.video.play().catch(() => undefined);
  }

  pause(): void {
    if (!this.video.paused) this.video.pause();
  }

  seek(position: number): void {
    if (!this.video.seeking) this.video.currentTime = Math.max(0, position);
  }

  close(): void {
    this.gone = true;
    this.hls?.destroy();
    this.hls = null;
  }

  private async load(moment: number): Promise<void> {
    const { default: Hls } = await import("hls.js/light");
    if (this.gone) return;
    const time = (ms: number) => new Date(Math.floor(ms)).toISOString();
    const query = new URLSearchParams({ from: time(this.from), to: time(this.to), epoch: time(this.from) });
    this.hls?.destroy();
    this.zero = null;
    this.failed = false;
    const hls = new Hls({ maxBufferLength: 20, backBufferLength: 30, startPosition: 0, autoStartLoad: false });
    this.hls = hls;
    hls.on(Hls.Events.LEVEL_LOADED, (_, { details }) => {
      const first = details.fragments.find((one) => one.programDateTime)?.programDateTime;
      if (first == null || this.zero !== null) return;
      this.zero = first;
      const position = Math.max(0, (moment - first) / 1000);
      hls.startLoad(position);
      this.video.currentTime = position;
    });
    hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
      if (!fatal || this.hls !== hls) return;
      if (type === Hls.ErrorTypes.MEDIA_ERROR && this.zero !== null) hls.recoverMediaError();
      this.failed = true;
      this.onFailed();
    });
    hls.loadSource(`/api/v1/recordings/${this.camera}/playlist.m3u8?${query}`);
    hls.attachMedia(this.video);
  }
}
