// The township, loaded once after sign-in.

import { computed, ref, shallowRef } from "vue";
import { api } from "../api/http";
import type { Camera, Officer, Site } from "../api/types";
import { day, timeOfDay, when } from "../format";
import { language, say, t } from "../i18n";
import { now, setServerTime } from "./clock";

export const site = shallowRef<Site | null>(null);
export const cameras = computed<Camera[]>(() => site.value?.cameras ?? []);
export const loading = ref(false);

export async function loadSite(): Promise<void> {
  if (site.value || loading.value) return;
  loading.value = true;
  try {
    site.value = await api<Site>("GET", "/site");
    setServerTime(site.value.now);
  } finally {
    loading.value = false;
  }
}

/** Cameras come and go while the page is open; the same township again changes nothing. */
export async function reloadSite(): Promise<void> {
  const fresh = await api<Site>("GET", "/site");
  setServerTime(fresh.now);
  if (JSON.stringify({ ...fresh, now: "" }) !== JSON.stringify({ ...site.value, now: "" })) site.value = fresh;
}

export function camera(id: string): Camera | undefined {
  return cameras.value.find((one) => one.id === id);
}

export function officer(id: string): Officer | undefined {
  return site.value?.officers.find((one) => one.id === id);
}

/** The camera's name; without a camera somebody told us of the place. */
export function cameraName(id: string): string {
  return say(camera(id)?.name) || id || t("tips.atPlace");
}

export function zoneName(cameraId: string, id: string): string {
  return say(camera(cameraId)?.zones.find((one) => one.id === id)?.name) || id;
}

/** Where an incident is: camera and zone, as far as it has them. */
export function whereText(one: { camera: string; zone: string }): string {
  return [cameraName(one.camera), zoneName(one.camera, one.zone)].filter(Boolean).join(" · ");
}

export function officerName(id: string): string {
  return say(officer(id)?.name) || id;
}

export function contactName(id: string): string {
  const found = site.value?.contacts.find((one) => one.id === id);
  return found ? `${say(found.name)}（${say(found.role)}）` : id;
}

const zone = computed(() => site.value?.timezone ?? "Asia/Shanghai");

export const clockText = computed(() => timeOfDay(now.value, language.value, zone.value));
export const dayText = computed(() => day(now.value, language.value, zone.value));

export function whenText(moment: string): string {
  return when(moment, now.value, language.value, zone.value);
}
