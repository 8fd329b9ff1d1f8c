// Where the phone is: watched on duty, and only on duty.

import type { Fix } from "./types";

const NEAR_M = 15;
const SOONEST_MS = 5_000;
/** Standing still is told too, so that the desk knows that the phone lives. */
const STILL_MS = 60_000;
const OLD_MS = 60_000;

export interface Seen {
  fix: Fix;
  at: number;
}

/** True when a place is worth telling after the one told last. */
export function worthTelling(last: Seen | null, now: Seen): boolean {
  if (!last) return true;
  const passed = now.at - last.at;
  if (passed >= STILL_MS) return true;
  if (passed < SOONEST_MS) return false;
  // A step within the circle of doubt is no step.
  const doubt = Math.max(NEAR_M, Math.min(now.fix.accuracy_m ?? 0, 100) / 2);
  return metres(last.fix, now.fix) >= doubt;
}

/** Length of the way between two places that are near each other (sphere, WGS-84 mean radius). */
export function metres(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return Math.hypot(x, y) * 6_371_009;
}

export type PlaceTrouble = "denied" | "none" | "unsupported";

/** Watches the place while it is told to, and tells what is worth telling. */
export class PlaceWatch {
  private watching: number | undefined;
  private told: Seen | null = null;
  private newest: Seen | null = null;
  private still: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly source: Pick<Geolocation, "watchPosition" | "clearWatch" | "getCurrentPosition"> | undefined,
    private readonly tell: (seen: Seen) => void,
    private readonly said: (newest: Seen | null, trouble: PlaceTrouble | null) => void,
    private readonly now: () => number = Date.now,
  ) {}

  get on(): boolean {
    return this.watching !== undefined;
  }

  start(): void {
    if (this.on) return;
    if (!this.source) {
      this.said(null, "unsupported");
      return;
    }
    this.watching = this.source.watchPosition(
      (position) => this.hear(position),
      (error) => this.on && this.said(this.newest, error.code === 1 ? "denied" : "none"),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 30_000 },
    );
    this.still = setInterval(() => this.stand(), STILL_MS / 2);
  }

  stop(): void {
    if (this.watching !== undefined) this.source?.clearWatch(this.watching);
    clearInterval(this.still);
    this.watching = undefined;
    this.told = this.newest = null;
    this.said(null, null);
  }

  /** The place of now, for what happens now; null when it is not known. */
  current(): Fix | null {
    return this.newest && this.now() - this.newest.at < OLD_MS ? this.newest.fix : null;
  }

  private hear(position: GeolocationPosition): void {
    // A phone may answer once more after it was told to stop.
    if (!this.on) return;
    const { longitude, latitude, accuracy } = position.coords;
    this.newest = { fix: { lon: longitude, lat: latitude, accuracy_m: accuracy ?? null }, at: this.now() };
    this.said(this.newest, null);
    this.consider(this.newest);
  }

  /** Phones that lie still say nothing by themselves. */
  private stand(): void {
    this.source?.getCurrentPosition(
      (position) => this.hear(position),
      () => undefined,
      { enableHighAccuracy: true, maximumAge: 30_000, timeout: 20_000 },
    );
  }

  private consider(seen: Seen): void {
    if (!worthTelling(this.told, seen)) return;
    this.told = seen;
    this.tell(seen);
  }
}
