// Open incidents, kept up to date by events.

import { computed, shallowReactive, shallowRef } from "vue";
import { api } from "../api/http";
import type { Incident, IncidentList, IncidentState } from "../api/types";
import { ring } from "./alarm";

const finals = new Set<IncidentState>(["closed", "dismissed", "transferred"]);
const todo = new Set<IncidentState>(["detected", "reopened", "persisting"]);
const freshMs = 20_000;

const known = shallowReactive(new Map<string, Incident>());
const seen = new Set<string>();
/** Ids that appeared a moment ago, for a mark in the list. */
export const fresh = shallowReactive(new Set<string>());
/** The incident changed last, for pages that show one. */
export const changed = shallowRef<Incident | null>(null);

export function isFinal(one: Incident): boolean {
  return finals.has(one.state);
}

export function isTodo(one: Incident): boolean {
  return todo.has(one.state);
}

function order(a: Incident, b: Incident): number {
  if (isTodo(a) !== isTodo(b)) return isTodo(a) ? -1 : 1;
  if (a.severity !== b.severity) return a.severity === "serious" ? -1 : 1;
  return b.started.localeCompare(a.started);
}

export const open = computed(() => [...known.values()].filter((one) => !isFinal(one)).sort(order));
export const waiting = computed(() => open.value.filter(isTodo));
export const going = computed(() => open.value.filter((one) => !isTodo(one)));

/** The gravest open incident of each camera, and those that no camera saw. */
export const byCamera = computed(() => {
  const found = new Map<string, Incident>();
  for (const one of open.value) {
    const key = one.camera || one.id;
    if (one.state !== "complied" && !found.has(key)) found.set(key, one);
  }
  return found;
});

export async function loadOpen(): Promise<void> {
  const list = await api<IncidentList>("GET", "/incidents?open=true&limit=200");
  const first = seen.size === 0;
  known.clear();
  for (const one of list.items) {
    known.set(one.id, one);
    if (!first && !seen.has(one.id)) announce(one);
    seen.add(one.id);
  }
}

export function hear(one: Incident): void {
  const isNew = !seen.has(one.id);
  seen.add(one.id);
  if (isFinal(one)) known.delete(one.id);
  else known.set(one.id, one);
  changed.value = one;
  if (isNew && !isFinal(one)) announce(one);
}

export function forget(): void {
  known.clear();
  seen.clear();
  fresh.clear();
}

function announce(one: Incident): void {
  fresh.add(one.id);
  window.setTimeout(() => fresh.delete(one.id), freshMs);
  ring(one.severity);
}
