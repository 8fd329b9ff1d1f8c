// What is wrong with a camera comes first.

import type { Health } from "../api/types";

export type CameraState = Health["state"] | "unknown" | "disabled";

/** A clock so far off makes its camera's evidence doubtful. */
export const CLOCK_OFF_S = 1;

export function clockOff(view: Pick<Health, "clock_offset_s"> | undefined | null): boolean {
  return Math.abs(view?.clock_offset_s ?? 0) > CLOCK_OFF_S;
}

/** From here on somebody on the wall may miss something: the machine has too much to do. */
export const LATE_S = 2;
export const SKIPPED = 0.2;

type Load = Pick<Health, "lag_s" | "skipped">;

export function late(view: Pick<Load, "lag_s"> | undefined | null): boolean {
  return (view?.lag_s ?? 0) >= LATE_S;
}

export function skipping(view: Pick<Load, "skipped"> | undefined | null): boolean {
  return (view?.skipped ?? 0) >= SKIPPED;
}

const ORDER: CameraState[] = ["offline", "degraded", "unknown", "online", "disabled"];

export function rank(row: { state: CameraState; recorder?: Pick<Health, "clock_offset_s"> }): number {
  return ORDER.indexOf(row.state) * 2 + (clockOff(row.recorder) ? 0 : 1);
}
