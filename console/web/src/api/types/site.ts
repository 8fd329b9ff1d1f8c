// The township as it is configured.

import type { Kind, Place, Words } from "./common";

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
