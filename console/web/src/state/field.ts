// How cameras are, where officers are, what the detectors hold now.

import { shallowReactive } from "vue";
import { api } from "../api/http";
import type { Health, ObjectsSeen, OfficerNow, Position } from "../api/types";
import { since } from "./clock";

export interface CameraNow {
  recorder?: Health;
  analyst?: Health;
}

export const health = shallowReactive(new Map<string, CameraNow>());
export const officers = shallowReactive(new Map<string, OfficerNow>());
export const objects = shallowReactive(new Map<string, ObjectsSeen>());

export function hearHealth(one: Health): void {
  health.set(one.camera, { ...health.get(one.camera), [one.process]: one });
}

/** The camera was removed or switched off. */
export function forgetHealth(camera: string): void {
  health.delete(camera);
}

export function hearPosition(one: Position): void {
  const known = officers.get(one.officer);
  if (!known) return;
  // Whoever is off duty by the roster stays so, whatever a body camera says.
  const off = known.by === "roster" && !known.due;
  officers.set(one.officer, { ...known, ...one, status: off ? "off" : one.status, silent: false });
}

export function hearObjects(one: ObjectsSeen): void {
  objects.set(one.camera, one);
}

/** Duty by the roster and silence come with time alone, and orders with no position. */
export async function loadOfficers(): Promise<void> {
  (await api<OfficerNow[]>("GET", "/officers")).forEach((one) => officers.set(one.officer, one));
}

export async function loadField(): Promise<void> {
  const [cameras] = await Promise.all([api<Health[]>("GET", "/health"), loadOfficers()]);
  const told = new Set(cameras.map((one) => one.camera));
  for (const known of health.keys()) if (!told.has(known)) forgetHealth(known);
  cameras.forEach(hearHealth);
}

/** A view older than this says nothing about now: its process, or the line to it, is gone. */
const STALE_S = 30;

/** The worse of what recorder and analyst said a moment ago. */
export function cameraState(id: string): Health["state"] | "unknown" {
  const found = health.get(id);
  const views = [found?.recorder, found?.analyst].filter((one) => one && since(one.at) < STALE_S);
  const states = views.map((one) => one?.state);
  return (["offline", "degraded", "online"] as const).find((s) => states.includes(s)) ?? "unknown";
}
