// What the person on duty must see on whatever page: questions to answer, and what is overdue.

import { shallowRef } from "vue";
import { loadMine, type Mine } from "../api/duty";
import { mayCommand } from "./session";

const AGAIN_MS = 10_000;

export const mine = shallowRef<Mine | null>(null);

let timer = 0;

export async function askMine(): Promise<void> {
  mine.value = mayCommand.value ? await loadMine() : null;
}

export function watchDuty(): void {
  window.clearInterval(timer);
  void askMine().catch(() => undefined);
  timer = window.setInterval(() => void askMine().catch(() => undefined), AGAIN_MS);
}

export function leaveDuty(): void {
  window.clearInterval(timer);
  mine.value = null;
}
