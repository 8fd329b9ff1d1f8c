// A new order is heard and felt, again and again, until the officer looks at it; a place that was
// corrected on the way once.

import { watch } from "vue";
import { OPEN, state, stateOf } from "./state";

const AGAIN_MS = 4_000;
const LONGEST_MS = 60_000;
const STORED = "wardwatch.field.heard";

let context: AudioContext | undefined;
let ringing = 0;
let since = 0;

/** Browsers allow sound only after the page was touched once. */
export function allowSound(): void {
  context ??= new AudioContext();
  void context.resume();
}

export function quiet(): void {
  window.clearInterval(ringing);
  ringing = 0;
}

function call(): void {
  navigator.vibrate?.([400, 150, 400]);
  if (context?.state !== "running") return;
  [880, 1175, 880, 1175].forEach((hertz, n) => note(context as AudioContext, hertz, n * 0.18));
}

function note(audio: AudioContext, hertz: number, delay: number): void {
  const start = audio.currentTime + delay;
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  tone.type = "square";
  tone.frequency.value = hertz;
  gain.gain.setValueAtTime(0.25, start);
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.16);
  tone.connect(gain).connect(audio.destination);
  tone.start(start);
  tone.stop(start + 0.18);
}

function heard(): string[] {
  return JSON.parse(localStorage.getItem(STORED) ?? "[]") as string[];
}

/** Those that were not heard of before; they are from now on. */
function news(names: string[]): string[] {
  const fresh = names.filter((one) => !heard().includes(one));
  if (fresh.length > 0) localStorage.setItem(STORED, JSON.stringify([...heard(), ...fresh].slice(-50)));
  return fresh;
}

/** Ring for orders that wait for an answer, and for corrected places, not rung for before. */
export function watchOrders(): void {
  watch(state, (now) => {
    const offered = (now?.orders ?? []).filter((one) => stateOf(one).state === "offered").map((one) => one.id);
    const moved = (now?.orders ?? []).filter((one) => one.corrected && OPEN.includes(stateOf(one).state));
    if (news(moved.map((one) => `${one.id} ${one.corrected?.at}`)).length > 0) call();
    if (news(offered).length > 0) {
      quiet();
      since = Date.now();
      call();
      ringing = window.setInterval(() => (Date.now() - since > LONGEST_MS ? quiet() : call()), AGAIN_MS);
    }
    if (offered.length === 0) quiet();
  });
}

