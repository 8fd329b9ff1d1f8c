// How the disks are, as the recorder last told it.

import { computed, shallowRef } from "vue";
import { api } from "../api/http";
import type { StorageState, StorageTrouble, StorageTroubleKind } from "../api/types";
import { t } from "../i18n";
import { ring } from "./alarm";
import { since } from "./clock";

/** Older than this it says nothing about now: the recorder, or the line to it, is gone. */
const STALE_S = 60;
/** Nothing is recorded while one of these lasts. */
const stopping: StorageTroubleKind[] = ["disk_full", "no_volume"];
const graves: StorageTroubleKind[] = [...stopping, "volume_lost", "kept_short"];

const told = shallowRef<StorageState | null>(null);

export const storage = computed(() => (told.value && since(told.value.at) < STALE_S ? told.value : null));

/** What is wrong, the gravest first. */
export const troubles = computed<StorageTrouble[]>(() =>
  [...(storage.value?.troubles ?? [])].sort((a, b) => rank(a) - rank(b)),
);

export function isGrave(one: StorageTrouble): boolean {
  return graves.includes(one.kind);
}

function rank(one: StorageTrouble): number {
  return stopping.includes(one.kind) ? 0 : isGrave(one) ? 1 : 2;
}

export function troubleText(one: StorageTrouble): string {
  return t(`storage.is.${one.kind}`, { volume: one.volume });
}

export function hearStorage(state: StorageState): void {
  const before = new Set((told.value?.troubles ?? []).map(nameOf));
  const known = told.value !== null;
  told.value = state;
  if (known && state.troubles.some((one) => isGrave(one) && !before.has(nameOf(one)))) ring("serious");
}

function nameOf(one: StorageTrouble): string {
  return `${one.kind} ${one.volume}`;
}

export async function loadStorage(): Promise<void> {
  told.value = await api<StorageState | null>("GET", "/storage");
}
