// Grounds on which acts come again; see console/api/patterns.py.

import { api } from "./http";
import type { IncidentState, Kind, Place } from "./types";

export interface Usual {
  /** 0 is Monday. */
  days: number[];
  start_h: number;
  hours: number;
  visits: number;
  of: number;
  chance: number;
}

export interface Hotspot {
  kind: Kind;
  camera: string;
  zone: string;
  place: Place | null;
  place_error_m: number | null;
  acts: { id: string; started: string; state: IncidentState }[];
  count: number;
  lately: number;
  hours: number[];
  usual: Usual | null;
  next: { begin: string; end: string } | null;
  patrol: string | null;
}

export interface Patterns {
  weeks: number;
  repeat_days: number;
  repeat_times: number;
  items: Hotspot[];
}

export function loadPatterns(): Promise<Patterns> {
  return api<Patterns>("GET", "/patterns");
}
