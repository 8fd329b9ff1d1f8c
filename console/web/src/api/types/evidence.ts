// Sealed files, films and case files.

import type { Words } from "./common";

export interface Evidence {
  id: string;
  role: string;
  what: Words;
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

/** A file that is heard, with what was written of it; the newest version last. */
export interface Transcript {
  evidence: string;
  role: string;
  what: Words;
  first: string;
  camera: string;
  versions: { version: number; text: string; by: string; at: string }[];
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
