// What the public told us; see console/tips/models.py.

import type { Kind, Language, Place, Words } from "./common";
import type { Incident } from "./incidents";

export type TipKind = Kind | "other";
export type TipState = "received" | "reviewing" | "accepted" | "handled" | "declined" | "transferred";

export interface TipRow {
  id: string;
  kind: TipKind;
  state: TipState;
  place: Place;
  accuracy_m: number;
  place_words: string;
  words: string;
  happened: string;
  submitted: string;
  photos: number;
  incident: string;
}

export interface TipPicture {
  number: number;
  url: string;
  width: number;
  height: number;
  sha256: string;
  taken: string;
  place: Place | null;
  sealed: boolean;
}

export interface NearIncident {
  incident: Incident;
  distance_m: number;
  apart_s: number;
}

export interface TipFile extends TipRow {
  version: number;
  placed: "pin" | "phone";
  language: Language;
  photos_expected: number;
  pictures: TipPicture[];
  history: { state: TipState; at: string; answer: Words; actor: string }[];
  department: string;
  near: NearIncident[];
  cameras: { id: string; name: Words; distance_m: number }[];
  decidable: boolean;
}

export interface TipList {
  items: TipRow[];
  waiting: number;
}

export type TipAction = "attach" | "open" | "decline" | "transfer";

export interface TipDecision {
  action: TipAction;
  seen: number;
  answer?: string;
  incident?: string;
  kind?: Kind;
  camera?: string;
  ongoing?: boolean;
  department?: string;
}

/** A tip is new or has moved, or a decision about it was not carried out. */
export interface TipNews {
  id: string;
  state: TipState;
  refused: string;
  user: string;
  why: Words;
}
