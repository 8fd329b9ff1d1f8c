// What /api/v1/tip sends and takes; see console/tips/models.py. Times are ISO 8601 text.

import type { Language, Place, Words } from "../api/types";

export type { Language, Place, Words } from "../api/types";

export type TipKind = "fishing" | "dumping" | "occupation" | "other";
export type TipState = "received" | "reviewing" | "accepted" | "handled" | "declined" | "transferred";
export const KINDS: TipKind[] = ["fishing", "dumping", "occupation", "other"];

export interface TipPage {
  enabled: boolean;
  site: Words;
  centre: Place;
  notice: Words;
  keep_days: number;
  limits: { words: number; photos: number; photo_mb: number; reach_km: number; oldest_days: number };
}

export interface Received {
  code: string;
  state: TipState;
  photos: number[];
}

export interface Status {
  state: TipState;
  submitted: string;
  steps: { state: TipState; at: string; answer: Words }[];
}

export interface Spot extends Place {
  accuracy_m: number;
  placed: "pin" | "phone";
}

/** Everything about one tip, kept on the phone until all of it has arrived. */
export interface Draft {
  token: string;
  spot: Spot | null;
  place_words: string;
  kind: TipKind | null;
  words: string;
  /** ISO 8601; empty: it is happening when the tip is sent. */
  happened: string;
  photos: Blob[];
  language: Language;
  /** The person has pressed "send"; from here on nothing of it changes. */
  sent: boolean;
  /** The words have arrived; the photos may still be under way. */
  code: string;
  /** How each photo stands, by number. */
  done: Record<number, "here" | "refused">;
}

/** A code that this phone remembers. */
export interface Remembered {
  code: string;
  kind: TipKind;
  at: string;
}
