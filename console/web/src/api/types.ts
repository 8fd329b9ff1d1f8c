// What /api/v1 sends. Times are ISO 8601 text; see console/api/models.py.

export type Language = "zh" | "en";
export type Words = Record<Language, string>;
export type Role = "officer" | "viewer" | "reviewer" | "monitor" | "chief" | "admin";
export type Kind = "fishing" | "dumping" | "occupation";
export type Severity = "minor" | "serious";
export type Action = "confirm" | "dismiss" | "warn" | "dispatch" | "close" | "support" | "transfer" | "reopen";
export type Priority = "routine" | "urgent" | "emergency";
export type Box = [number, number, number, number];

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

export interface Session {
  name: string;
  role: Role;
  language: Language;
  csrf: string;
}

export interface Place {
  lon: number;
  lat: number;
}

export interface Zone {
  id: string;
  name: Words;
  kind: Kind;
  polygon: [number, number][];
}

export interface Camera {
  id: string;
  name: Words;
  place: Place | null;
  bearing_deg: number;
  speaker: boolean;
  zones: Zone[];
}

export interface Officer {
  id: string;
  name: Words;
  call_sign: string;
  place: Place;
  travel: "car" | "motorcycle" | "foot" | "boat";
  vehicle: Words | null;
}

export interface Contact {
  id: string;
  name: Words;
  role: Words;
}

export interface SpeakerGroup {
  id: string;
  name: Words;
  cameras: string[];
}

export interface Site {
  name: Words;
  timezone: string;
  mode: "live" | "demo";
  centre: Place;
  now: string;
  cameras: Camera[];
  officers: Officer[];
  contacts: Contact[];
  speaker_groups: SpeakerGroup[];
}

/** What came of an incident's warnings. */
export interface Compliance {
  outcome: "left" | "packed_up" | "removed" | "persisted" | "unheard" | "watching";
  warnings: number;
  seconds: number | null;
}

/** Something that one person was told. */
export interface Told {
  id: string;
  incident: string;
  kind: "early_control" | "beyond_circle" | "nobody" | "chase" | "escalated" | "refused";
  audience: "chief" | "contact" | "officer" | "user";
  to: string;
  text: Words;
  at: string;
  order: string | null;
  acknowledged_by: string;
  acknowledged: string | null;
}

/** How a live talk stands; the problem when it was refused. */
export interface TalkState {
  phase: "waiting" | "speaking" | "over";
  by: string;
  by_user?: string;
  seconds: number;
  why: string;
  receipts: Receipt[];
  problem?: string;
  detail?: string;
}

/** Evidence on storage elsewhere. */
export interface Elsewhere {
  where: string;
  state: "ok" | "sending" | "away" | "stuck";
  waiting: number;
  oldest: string | null;
  error: string;
  problems: string[];
}

export interface Change {
  state: string;
  at: string;
  actor: string;
  reason: Words;
}

export interface Incident {
  id: string;
  kind: Kind;
  severity: Severity;
  camera: string;
  zone: string;
  place: Place | null;
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
}

export interface Receipt {
  ok: boolean;
  driver: string;
  started: string | null;
  seconds: number;
  device_reply: string;
  audio_sha256: string | null;
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

export interface Evidence {
  id: string;
  role: string;
  sha256: string;
  bytes: number;
  mime: string;
  first: string;
  last: string;
  sealed: string;
  parent_sha256: string | null;
  note: string;
  url: string;
}

/** One event of an incident's chain of custody. */
export interface Handled {
  seq: number;
  at: string;
  actor: string;
  unit: string;
  action: string;
  reason: string;
  object: string;
  sha256: string | null;
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

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  action: string;
  reason: string;
  detail: Record<string, unknown>;
  hash: string;
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

export interface OfficerNow {
  officer: string;
  name: Words;
  call_sign: string;
  place: Place;
  accuracy_m: number | null;
  status: "free" | "busy" | "off";
  at: string | null;
  order: Order | null;
}

export interface Position {
  officer: string;
  at: string;
  place: Place;
  accuracy_m: number | null;
  status: "free" | "busy" | "off";
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

export interface Film {
  id: string;
  source: string;
  file: string;
  start: string;
  end: string;
  imported: string;
  clock_source: string;
  clock_confidence: "high" | "medium" | "low";
  video: { codec?: string; width?: number; height?: number; fps?: number };
  telemetry: { kind?: string; samples?: number } | null;
  files: { name: string; bytes: number; sha256: string }[];
  notes: string[];
  url: string;
}

export interface FilmList {
  items: Film[];
  next: string | null;
}

export interface CaseExport {
  id: string;
  incidents: string[];
  by: string;
  reason: string;
  asked: string;
  encrypted: boolean;
  state: "waiting" | "running" | "done" | "failed" | "cleared";
  done_bytes: number;
  total_bytes: number;
  evidence: boolean | null;
  sha256: string;
  bytes: number;
  error: string;
  verdict: string;
  ended: string | null;
  cleared: string | null;
  cleared_by: string;
  cleared_why: string;
}

export interface CaseList {
  items: CaseExport[];
  days: number;
  may_export: boolean;
  may_clear: boolean;
}

/** Recordings that retention leaves alone. */
export interface Kept {
  owner: string;
  camera: string;
  first: string;
  last: string;
  incident: string | null;
  reason: string;
  by: string;
  made: string;
}

export type ReviewKind = "legal" | "technical";

export interface Review {
  id: string;
  kind: ReviewKind;
  reviewer: string;
  office: string;
  at: string;
  passed: boolean;
  basis: string;
}

export interface CaseFile {
  evidence: boolean;
  why: Words;
  reviews: Review[];
  exports: CaseExport[];
  may_export: boolean;
  may_review: boolean;
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

export interface Kept {
  owner: string;
  camera: string;
  first: string;
  last: string;
  incident: string | null;
  reason: string;
  by: string;
  made: string;
}

/** An officer's call for help. */
export interface FieldCall {
  id: string;
  officer: string;
  state: "raised" | "withdrawn" | "acknowledged";
  at: string;
  place: Place | null;
  accuracy_m: number | null;
  order: string | null;
}
