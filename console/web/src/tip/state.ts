// The tip on this phone: written, sent, sent again until it has arrived; once.

import { computed, reactive, ref, shallowRef, watch } from "vue";
import { fresh, keepCodes, keepDraft, loadCodes, loadDraft } from "./draft";
import { ask, sendPhoto, TipError } from "./net";
import { solve } from "./proof";
import type { Draft, Received, Remembered, TipPage } from "./types";
import { language } from "./words";

const SOON_MS = 3_000;
const LATEST_MS = 60_000;

export const page = shallowRef<TipPage | null>(null);
export const lost = ref(false);
export const draft = reactive<Draft>(fresh(language.value));
export const codes = ref<Remembered[]>([]);
export const ready = ref(false);
/** What goes on: nothing, reckoning, on the way, waiting for a network or a free moment. */
export const sending = ref<"" | "proof" | "send" | "wait">("");
export const problem = ref("");
export const waitS = ref(0);

export const photosDone = computed(() => draft.photos.every((_, n) => draft.done[n]));

let working = false;
let wake: (() => void) | undefined;

export async function start(): Promise<void> {
  codes.value = await loadCodes();
  const kept = await loadDraft();
  if (kept) Object.assign(draft, kept);
  ready.value = true;
  watch(draft, () => void keepDraft(draft), { deep: true });
  window.addEventListener("online", () => wake?.());
  if (draft.sent && !(draft.code && photosDone.value)) void deliver();
  await loadPage();
}

async function loadPage(): Promise<void> {
  for (let pause = SOON_MS; ; pause = Math.min(pause * 2, LATEST_MS)) {
    try {
      page.value = await ask<TipPage>("GET", "");
      lost.value = false;
      return;
    } catch {
      lost.value = true;
      await sleep(pause);
    }
  }
}

/** Press "send": from here on the tip is the same one however often it is sent. */
export async function send(): Promise<void> {
  draft.sent = true;
  draft.language = language.value;
  if (!draft.happened) draft.happened = new Date().toISOString();
  await keepDraft(draft);
  await deliver();
}

export async function deliver(): Promise<void> {
  if (working) return;
  working = true;
  problem.value = "";
  try {
    if (!draft.code) await untilTaken(sendWords);
    if (draft.code) await sendPhotos();
  } catch (error) {
    if (!(error instanceof TipError)) throw error;
    problem.value = error.code;
    // It was not taken, and will not be as it is: the person may change it.
    if (!draft.code) draft.sent = false;
  } finally {
    sending.value = "";
    working = false;
  }
}

/** Another tip; what this one was is forgotten but for its code. */
export function another(): void {
  Object.assign(draft, fresh(language.value));
  problem.value = "";
}

export async function forgetCode(code: string): Promise<void> {
  codes.value = codes.value.filter((one) => one.code !== code);
  await keepCodes(codes.value);
}

async function sendWords(): Promise<void> {
  if (!draft.spot || !draft.kind) return;
  sending.value = "proof";
  const { challenge, bits } = await ask<{ challenge: string; bits: number }>("POST", "/challenge");
  const answer = await solve(challenge, bits);
  sending.value = "send";
  const taken = await ask<Received>("POST", "", {
    token: draft.token,
    challenge,
    answer,
    kind: draft.kind,
    ...draft.spot,
    place_words: draft.place_words.trim(),
    words: draft.words.trim(),
    happened: draft.happened,
    sent: new Date().toISOString(),
    language: draft.language,
    photos: draft.photos.length,
    website: trap.value,
  });
  draft.code = taken.code;
  for (const n of taken.photos) draft.done[n] = "here";
  codes.value = [
    { code: taken.code, kind: draft.kind, at: new Date().toISOString() },
    ...codes.value.filter((one) => one.code !== taken.code),
  ];
  await keepCodes(codes.value);
  await keepDraft(draft);
}

/** A field that no person sees; programs fill it in. */
export const trap = ref("");

async function sendPhotos(): Promise<void> {
  for (const [n, photo] of draft.photos.entries()) {
    if (draft.done[n]) continue;
    try {
      await untilTaken(async () => {
        sending.value = "send";
        await sendPhoto(draft.token, n, photo);
      });
      draft.done[n] = "here";
    } catch (error) {
      if (!(error instanceof TipError)) throw error;
      draft.done[n] = "refused";
      problem.value = error.code;
    }
  }
}

/** Try until it is taken or refused for good. */
async function untilTaken(work: () => Promise<void>): Promise<void> {
  for (let pause = SOON_MS; ; pause = Math.min(pause * 2, LATEST_MS)) {
    try {
      await work();
      problem.value = "";
      return;
    } catch (error) {
      if (!(error instanceof TipError) || !error.later) throw error;
      problem.value = error.code;
      sending.value = "wait";
      // The draft stays on the phone however long that is.
      const wait = Math.max(pause, error.waitS * 1000);
      waitS.value = Math.ceil(wait / 1000);
      await sleep(error.status === 428 ? 0 : wait);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(done, ms);
    function done(): void {
      window.clearTimeout(timer);
      wake = undefined;
      resolve();
    }
    wake = done;
  });
}
