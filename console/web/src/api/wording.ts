// Warning texts with their versions, recordings and approvals, as the console gives them.

import type { Words } from "./types";

export type Language = "zh" | "en";

export interface Span {
  start: string;
  end: string;
  days: string[];
}

export interface Period {
  first: string;
  last: string;
  hours: Span[];
  name: Words | null;
}

export interface TextContent {
  id: string;
  kind: "fishing" | "dumping" | "occupation";
  zone: string | null;
  attempt: number | null;
  when: { hours: Span[]; periods: Period[] } | null;
  text: Words;
  retired: boolean;
}

export interface Piece {
  language: Language;
  piece: number;
  words: string;
}

export interface Recording extends Piece {
  sha256: string;
  seconds: number;
  speech_dbfs: number;
  peak_dbfs: number;
  clipped: number;
  made: string;
  made_by: string;
  approved: boolean;
}

export interface TextVersion {
  id: string;
  version: number;
  made: string | null;
  made_by: string;
  reason: string;
  content: TextContent;
  finding: { by: string; office: string; at: string; approved: boolean; note: string } | null;
  said: boolean;
  may_judge: boolean;
  pieces: Piece[];
  recordings: Recording[];
}

export interface WarningText {
  text: string;
  kind: TextContent["kind"];
  when: Words | null;
  versions: [TextVersion, ...TextVersion[]]; // newest first
}

export interface Place {
  camera: string;
  zone: string;
  name: Words;
  kind: TextContent["kind"];
}

export interface TextBook {
  texts: WarningText[];
  clashes: string[];
  only_approved: boolean;
  languages: Language[];
  places: Place[];
  may_edit: boolean;
  may_listen: boolean;
}
