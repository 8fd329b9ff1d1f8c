// The catalogue and the list of powers, as the console gives them.

import type { CatalogueRow, Words } from "./types";

export type Authority = "own" | "assigned" | "delegated";

export interface Finding {
  by: string;
  office: string;
  at: string;
  confirmed: boolean;
  basis: string;
}

export interface RowContent extends CatalogueRow {
  kind: string;
  severity: "minor" | "serious";
  when: string[];
  priority: number;
  demand: Words | null;
}

export interface Version {
  id: string;
  row: string;
  version: number;
  valid_from: string;
  made: string | null;
  made_by: string;
  reason: string;
  content: RowContent;
  finding: Finding | null;
  judging: boolean;
}

export interface Power {
  id: string;
  row: string;
  authority: Authority;
  document: string;
  delegator: string;
  valid_from: string;
  valid_to: string | null;
  made: string;
  made_by: string;
  reason: string;
  ended_by: string;
  ended_why: string;
  holds: boolean;
}

export interface Disposal {
  way: "act" | "transfer" | "unknown";
  why: Words;
  department: Words;
  power: Power | null;
}

export interface Row {
  row: string;
  versions: [Version, ...Version[]]; // newest first
  powers: Power[];
  disposal: Disposal;
}

export interface Book {
  day: string;
  rows: Row[];
  clashes: string[];
  may_edit: boolean;
}

export interface Basis {
  judged: Version | null;
  choice_by: string;
  choice_reason: string;
  choice_at: string | null;
  others: Version[];
  disposal: Disposal;
  papers: ("persuasion" | "correction" | "transfer")[];
  may_choose: boolean;
  may_transfer: boolean;
}
