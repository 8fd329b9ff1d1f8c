// Officers' calls for help: on every page of the desk, with sound, until somebody answers.

import { computed, shallowReactive } from "vue";
import { api } from "../api/http";
import type { FieldCall } from "../api/types";
import { ring } from "./alarm";

const AGAIN_MS = 4_000;

const known = shallowReactive(new Map<string, FieldCall>());
export const calls = computed(() => [...known.values()].sort((a, b) => a.at.localeCompare(b.at)));
let ringing = 0;

function sound(): void {
  const loud = [...known.values()].some((one) => one.state === "raised");
  if (loud && !ringing) {
    ring("serious", true);
    ringing = window.setInterval(() => ring("serious", true), AGAIN_MS);
  } else if (!loud) {
    window.clearInterval(ringing);
    ringing = 0;
  }
}

export function hearCall(one: FieldCall): void {
  if (one.state === "acknowledged") known.delete(one.id);
  else known.set(one.id, one);
  sound();
}

export async function loadCalls(): Promise<void> {
  const list = await api<FieldCall[]>("GET", "/alarms");
  known.clear();
  list.forEach((one) => known.set(one.id, one));
  sound();
}

export async function answerCall(id: string): Promise<void> {
  hearCall(await api<FieldCall>("POST", `/alarms/${encodeURIComponent(id)}/acknowledge`, { words: "" }));
}

export function forgetCalls(): void {
  known.clear();
  sound();
}
