// What the duty desk sees of people.

import type { Place, Words } from "./common";
import type { Order, Receipt } from "./incidents";

/** Something that one person was told. */
export interface Told {
  id: string;
  incident: string;
  kind: "early_control" | "beyond_circle" | "nobody" | "chase" | "escalated" | "unreached" | "refused" | "tips_wait";
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

export interface OfficerNow {
  officer: string;
  name: Words;
  call_sign: string;
  place: Place;
  accuracy_m: number | null;
  status: "free" | "busy" | "off";
  silent: boolean;
  by: "phone" | "roster";
  due: boolean;
  hours: Words;
  since: string | null;
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

/** A film that an officer takes. */
export interface FieldFilm {
  id: string;
  officer: string;
  incident: string;
  order: string;
  alarm: string | null;
  state: "open" | "cut" | "sealed";
  at: string;
  touched: string;
  bytes: number;
  evidence: string | null;
  watching: number;
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
