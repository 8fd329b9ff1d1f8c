// Incidents and what is done about them.

import type { AuditEntry, Box, Change, Kind, Place, Severity, Words } from "./common";
import type { Told } from "./desk";
import type { Evidence } from "./evidence";

export type Action = "confirm" | "dismiss" | "warn" | "dispatch" | "close" | "support" | "transfer" | "reopen" | "join" | "split";
export type Priority = "routine" | "urgent" | "emergency";

export type IncidentState =
  | "detected"
  | "confirmed"
  | "warning"
  | "complied"
  | "persisting"
  | "dispatched"
  | "acknowledged"
  | "en_route"
  | "on_scene"
  | "handled"
  | "checked"
  | "closed"
  | "dismissed"
  | "transferred"
  | "reopened";

export type OrderState =
  | "offered"
  | "acknowledged"
  | "en_route"
  | "on_scene"
  | "handled"
  | "returned"
  | "expired"
  | "cancelled";

/** What came of an incident's warnings. */
export interface Compliance {
  outcome:
    | "left"
    | "left_picture"
    | "moved"
    | "packed_up"
    | "removed"
    | "lost"
    | "allowed"
    | "persisted"
    | "unheard"
    | "watching";
  inferred: boolean;
  warnings: number;
  seconds: number | null;
}

export interface Incident {
  id: string;
  kind: Kind;
  severity: Severity;
  camera: string;
  zone: string;
  place: Place | null;
  /** Metres that the place is right within; null: it is the camera's place. */
  place_error_m: number | null;
  state: IncidentState;
  history: Change[];
  started: string;
  last_seen: string;
  active: boolean;
  box: Box;
  why: Words;
  cues: string[];
  catalogue_row: string | null;
  announcements: string[];
  orders: string[];
  evidence: string[];
  support: number;
  transfer: { to: string; documents: string[] } | null;
  /** It happened on this ground before. */
  repeat: { times: number; days: number; earlier: string[] } | null;
  /** Incidents that a person found to be the same act, and the one this was joined to. */
  joined: string[];
  same_as: string | null;
  /** What the public told of it. */
  tips: string[];
  sightings: string[];
  /** Incidents that a person took out of this one, and the one this was taken out of. */
  split: string[];
  split_from: string | null;
}

/** What one camera, drone or person told of an act. */
export interface Sighting {
  id: string;
  camera: string;
  zone: string;
  source: "camera" | "drone" | "tip";
  started: string;
  last: string;
  /** null: it goes on, as far as is known. */
  ended: string | null;
  why: Words;
  cues: string[];
  /** It came with this incident when that was joined. */
  joined_from: string | null;
}

export interface Receipt {
  camera: string;
  ok: boolean;
  driver: string;
  started: string | null;
  seconds: number;
  device_reply: string;
  audio_sha256: string | null;
  /** SHA-256 of the recordings that were played in it. */
  recordings: string[];
  volume: number | null;
  volume_by: string;
  /** told with the sound; held at the device and put back; the sound made softer. */
  volume_way: "" | "told" | "held" | "sound";
  error: string | null;
  hearing: Hearing | null;
}

export interface Hearing {
  verdict: "heard" | "not_heard" | "unknown";
  microphone: string;
  score: number | null;
  threshold: number | null;
  lag_s: number | null;
  why: string;
}

export interface Announcement {
  id: string;
  text: string;
  attempt: number;
  requested: string;
  requested_by: string;
  override_reason: string | null;
  receipt: Receipt | null;
  /** Of the other loudspeakers of its group. */
  others: Receipt[];
}

export interface Order {
  id: string;
  incident: string;
  officer: string;
  state: OrderState;
  history: Change[];
  distance_m: number;
  eta_s: number;
  reckoned: "road" | "line";
  role: "lead" | "support";
  result: Words;
}

export interface CatalogueRow {
  id: string;
  act: Words;
  basis: string;
  sanction: Words;
  authority: "own" | "assigned" | "delegated" | "transfer";
  department: Words;
  source: string;
  effective_from: string;
  effective_to: string | null;
  verified_by: string;
}

export interface Suppression {
  id: string;
  camera: string;
  zone: string;
  kind: Kind;
  box: Box;
  labels: string[];
  cues: string[];
  incident: string;
  made: string;
  made_by: string;
  reason: Words;
  expires: string;
  hits: number;
  last_hit: string | null;
  snapshot: string | null;
}

export interface SuppressionList {
  items: Suppression[];
}

/** An officer was called to the page through a channel, or was not reached. */
export interface Summons {
  order: string;
  officer: string;
  channel: string;
  event: string;
  reached: boolean;
  at: string;
  error: string;
}

export interface IncidentFile {
  incident: Incident;
  announcements: Announcement[];
  orders: Order[];
  evidence: Evidence[];
  audit: AuditEntry[];
  catalogue: CatalogueRow | null;
  actions: Action[];
  compliance: Compliance | null;
  notices: Told[];
  summons: Summons[];
  suppression: Suppression | null;
  standing: Standing;
}

/** Whether files are a lead or evidence, and why. */
export interface Standing {
  evidence: boolean;
  why: Words;
}

export interface IncidentList {
  items: Incident[];
  next: string | null;
}
