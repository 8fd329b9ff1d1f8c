// The centre's time: the server's clock, ticking once a second for the whole page.

import { ref } from "vue";

let offset = 0;

/** Milliseconds since 1970 by the server's clock, to the second. */
export const now = ref(Date.now());

function tick(): void {
  now.value = Date.now() + offset;
  window.setTimeout(tick, 1000 - (now.value % 1000));
}

tick();

export function setServerTime(iso: string): void {
  offset = Date.parse(iso) - Date.now();
  now.value = Date.now() + offset;
}

/** Seconds since a moment. */
export function since(iso: string): number {
  return (now.value - Date.parse(iso)) / 1000;
}
