// A new order is heard and felt, again and again, until the officer looks at it.

import { watch } from "vue";
import { state, stateOf } from "./state";

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

/** Ring for orders that wait for an answer and were not rung for before. */
export function watchOrders(): void {
  watch(state, (now) => {
    const offered = (now?.orders ?? []).filter((one) => stateOf(one).state === "offered").map((one) => one.id);
    const fresh = offered.filter((id) => !heard().includes(id));
    if (fresh.length > 0) {
      localStorage.setItem(STORED, JSON.stringify([...heard(), ...fresh].slice(-50)));
      quiet();
      since = Date.now();
      call();
      ringing = window.setInterval(() => (Date.now() - since > LONGEST_MS ? quiet() : call()), AGAIN_MS);
    }
    if (offered.length === 0) quiet();
  });
}

