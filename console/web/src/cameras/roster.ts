// The cameras as they are configured and as they are, worst first.

import { computed, shallowRef } from "vue";
import { api } from "../api/http";
import type { Health, Place, Words } from "../api/types";
import { say } from "../i18n";
import { now } from "../state/clock";
import { cameraState, forgetHealth, health, hearHealth } from "../state/field";
import { reloadSite } from "../state/site";
import { type CameraState, rank } from "./order";

export type Transport = "tcp" | "udp" | "auto";

export interface CameraFacts {
  id: string;
  name: Words;
  enabled: boolean;
  place: Place | null;
  bearing_deg: number;
  speaker: boolean;
  main: string | null;
  sub: string | null;
  transport: Transport | null;
  onvif: string | null;
  username: string | null;
  recorder: Health | null;
  analyst: Health | null;
}

export interface FoundDevice {
  address: string;
  host: string;
  name: string;
  hardware: string;
  permitted: boolean;
  camera: string | null;
}

export interface FoundStream {
  role: "main" | "sub" | "other";
  url: string;
  codec: string;
  width: number;
  height: number;
  fps: number;
  audio: string;
}

export interface Probed {
  address: string;
  onvif: string | null;
  manufacturer: string;
  model: string;
  firmware: string;
  serial: string;
  streams: FoundStream[];
  snapshot: boolean;
  steerable: boolean;
  speaker: boolean;
  clock_offset_s: number | null;
  sign_in: string;
  problems: string[];
}

/** What of a camera may be given; what is left out stays as it is. */
export interface CameraDraft {
  name?: Words;
  enabled?: boolean;
  main?: string;
  sub?: string;
  transport?: Transport;
  onvif?: string;
  place?: Place;
  bearing_deg?: number;
  speaker?: boolean;
  username?: string;
  password?: string;
}

export interface Roster {
  cameras: CameraFacts[];
  changeable: boolean;
}

export const roster = shallowRef<Roster | null>(null);

export async function loadRoster(): Promise<void> {
  const given = await api<Roster>("GET", "/cameras");
  for (const one of given.cameras) {
    if (!one.enabled) forgetHealth(one.id);
    for (const view of [one.recorder, one.analyst]) if (view) hearHealth(view);
  }
  roster.value = given;
}

/** After a change: the list at once, and again when the centre has followed. */
async function followed(seconds: number): Promise<void> {
  const look = (): Promise<unknown> => Promise.all([loadRoster(), reloadSite()]);
  await look();
  for (const after of [1, 2]) window.setTimeout(() => void look().catch(() => undefined), seconds * after * 1000);
}

interface Changed {
  id: string;
  follows_s: number;
}

export async function addCamera(id: string, draft: CameraDraft): Promise<void> {
  await followed((await api<Changed>("POST", "/cameras", { id, ...draft })).follows_s);
}

export async function changeCamera(id: string, draft: CameraDraft): Promise<void> {
  const given = await api<Changed>("PATCH", `/cameras/${encodeURIComponent(id)}`, draft);
  await followed(given.follows_s);
}

export async function removeCamera(id: string): Promise<void> {
  const given = await api<Changed>("DELETE", `/cameras/${encodeURIComponent(id)}`);
  forgetHealth(id);
  await followed(given.follows_s);
}

export async function discover(): Promise<FoundDevice[]> {
  return (await api<{ devices: FoundDevice[] }>("POST", "/cameras/discover")).devices;
}

export function probe(address: string, username: string, password: string): Promise<Probed> {
  return api<Probed>("POST", "/cameras/probe", {
    address,
    ...(username ? { username, password } : {}),
  });
}

export interface Row {
  facts: CameraFacts;
  state: CameraState;
  recorder?: Health;
  analyst?: Health;
  /** The view that says what is wrong; the recorder's when nothing is. */
  telling?: Health;
}

/** All cameras, what is wrong first, then by name. */
export const rows = computed<Row[]>(() => {
  void now.value; // a view that grows too old changes the state without any message
  const list = (roster.value?.cameras ?? []).map((facts): Row => {
    const { recorder, analyst } = health.get(facts.id) ?? {};
    const state = facts.enabled ? cameraState(facts.id) : "disabled";
    const telling = [recorder, analyst].find((one) => one?.state === state) ?? recorder ?? analyst;
    return { facts, state, recorder, analyst, telling };
  });
  return list.sort((a, b) => rank(a) - rank(b) || say(a.facts.name).localeCompare(say(b.facts.name), "zh"));
});
