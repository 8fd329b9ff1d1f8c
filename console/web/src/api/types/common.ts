// What everything sent by /api/v1 is made of. Times are ISO 8601 text; see console/api/models.py.

export type Language = "zh" | "en";
export type Words = Record<Language, string>;

export type Role = "officer" | "viewer" | "supervisor" | "reviewer" | "monitor" | "chief" | "admin";
export type Kind = "fishing" | "dumping" | "occupation";

export type Severity = "minor" | "serious";
export type Box = [number, number, number, number];

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

export interface Change {
  state: string;
  at: string;
  actor: string;
  reason: Words;
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

export interface AuditEntry {
  seq: number;
  at: string;
  actor: string;
  action: string;
  object: string;
  deed: Words;
  reason: string;
  detail: Record<string, unknown>;
  hash: string;
}
