// What /api/v1/field sends; see console/field/models.py. Times are ISO 8601 text.

import type { Language } from "../api/types";

export type { Language, OrderState, Words } from "../api/types";
import type { IncidentState, Kind, OrderState, Severity, Words } from "../api/types";

export interface Place {
  lon: number;
  lat: number;
}

export interface Fix extends Place {
  accuracy_m: number | null;
}

export interface SeenEvidence {
  id: string;
  role: string;
  mime: string;
  bytes: number;
  first: string;
  url: string;
}

export interface FieldOrder {
  id: string;
  state: OrderState;
  offered: string;
  changed: string;
  reason: Words;
  chased: Words | null;
  eta_s: number;
  distance_m: number;
  place: Place | null;
  /** The last time that the place moved; not known of an order that an older server sent. */
  corrected?: { at: string; moved_m: number } | null;
  incident: {
    id: string;
    kind: Kind;
    severity: Severity;
    state: IncidentState;
    started: string;
    why: Words;
    camera: Words;
    zone: Words;
    act: Words | null;
    basis: string;
  };
  evidence: SeenEvidence[];
}

export interface FieldAlarm {
  id: string;
  officer: string;
  state: "raised" | "withdrawn" | "acknowledged";
  at: string;
  place: Place | null;
  accuracy_m: number | null;
  order: string | null;
}

export interface FieldState {
  now: string;
  officer: { id: string; name: Words; call_sign: string };
  site: { name: Words; timezone: string; centre: Place };
  duty: boolean;
  since: string | null;
  orders: FieldOrder[];
  watched?: string[];
  alarms: FieldAlarm[];
}

export interface Session {
  name: string;
  role: string;
  language: Language;
  csrf: string;
}

export type Did =
  | "duty_on"
  | "duty_off"
  | "acknowledged"
  | "en_route"
  | "on_scene"
  | "handled"
  | "returned"
  | "support";
