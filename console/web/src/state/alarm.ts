// A short sound for a new incident. Two soft notes; three lower ones when it is serious.

import { ref, watch } from "vue";
import type { Severity } from "../api/types";

const STORED = "wardwatch.muted";

export const muted = ref(localStorage.getItem(STORED) === "yes");
watch(muted, (quiet) => localStorage.setItem(STORED, quiet ? "yes" : "no"));

let context: AudioContext | undefined;

/** Browsers allow sound only after the person has touched the page once. */
export function allowSound(): void {
  context ??= new AudioContext();
  void context.resume();
}

/** `always`: when somebody's life may depend on it, also where sounds are switched off. */
export function ring(severity: Severity, always = false): void {
  if ((muted.value && !always) || !context || context.state !== "running") return;
  const notes = severity === "serious" ? [523, 392, 523, 392] : [660, 880];
  notes.forEach((hertz, n) => note(context as AudioContext, hertz, n * 0.24));
}

/** Three rising notes: somebody has to be told again, or the chief must look. */
export function callChief(): void {
  if (muted.value || !context || context.state !== "running") return;
  [440, 587, 784, 784].forEach((hertz, n) => note(context as AudioContext, hertz, n * 0.2));
}

function note(audio: AudioContext, hertz: number, delay: number): void {
  const start = audio.currentTime + delay;
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  tone.type = "triangle";
  tone.frequency.value = hertz;
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(0.22, start + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.22);
  tone.connect(gain).connect(audio.destination);
  tone.start(start);
  tone.stop(start + 0.24);
}
