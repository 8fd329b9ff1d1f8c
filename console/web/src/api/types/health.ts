// How cameras, analysis and disks do.

import type { Box } from "./common";

/** Evidence on storage elsewhere. */
export interface Elsewhere {
  where: string;
  state: "ok" | "sending" | "away" | "stuck";
  waiting: number;
  oldest: string | null;
  error: string;
  problems: string[];
}

export type PictureState = "ok" | "black" | "white" | "frozen" | "blurred" | "covered" | "moved";

export interface Health {
  camera: string;
  process: "recorder" | "analyst";
  state: "online" | "degraded" | "offline";
  since: string;
  at: string;
  reason: string;
  fps: number;
  bitrate_kbps: number;
  lag_s: number;
  reconnects: number;
  last_keyframe_age_s: number | null;
  loss: number | null;
  clock_offset_s: number | null;
  clock_uncertainty_s: number | null;
  picture: PictureState | null;
  picture_since: string | null;
  signed: "yes" | "no" | "broken" | null;
  analysed_fps: number | null;
  dropped: number | null;
  skipped: number | null;
}

export interface SeenObject {
  track: number;
  label: string;
  score: number;
  box: Box;
  subject: boolean;
}

export interface ObjectsSeen {
  camera: string;
  time: string;
  looked: boolean;
  objects: SeenObject[];
}

export type StorageTroubleKind =
  | "short_ahead"
  | "kept_short"
  | "disk_low"
  | "disk_full"
  | "volume_lost"
  | "volume_slow"
  | "no_volume"
  | "unsigned";

export interface Volume {
  volume: string;
  condition: "ok" | "short" | "low" | "full" | "slow" | "lost";
  since: string;
  size_bytes: number;
  free_bytes: number;
  recorded_bytes: number;
  locked_bytes: number;
  most_bytes: number | null;
  oldest: string | null;
  days: number | null;
  detail: string;
}

export interface StorageTrouble {
  kind: StorageTroubleKind;
  since: string;
  volume: string;
  detail: string;
}

export interface StorageState {
  at: string;
  volumes: Volume[];
  troubles: StorageTrouble[];
  days_wanted: number;
  days: number | null;
}

export interface Removed {
  seq: number;
  at: string;
  act: string;
  by: string;
  reason: string;
  rule: string;
  unit: string;
  signed: boolean;
  things: number;
  size_bytes: number;
  cameras: string[];
  first: string | null;
  last: string | null;
  example: string;
}
