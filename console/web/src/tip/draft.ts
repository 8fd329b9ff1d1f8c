// The draft and the codes lie in IndexedDB: taking a photo may cost a small phone this very page.

import { toRaw } from "vue";
import type { Draft, Language, Remembered } from "./types";

const NAME = "wardwatch-tip";
const MOST_CODES = 20;

function ask<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

let opened: Promise<IDBDatabase> | undefined;

async function drawer(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  opened ??= (() => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore("kept");
    return ask(request);
  })();
  return (await opened).transaction("kept", mode).objectStore("kept");
}

async function get<T>(key: string): Promise<T | undefined> {
  try {
    return await ask((await drawer("readonly")).get(key) as IDBRequest<T | undefined>);
  } catch {
    return undefined; // a private window without storage: the page works, and forgets
  }
}

async function put(key: string, value: unknown): Promise<void> {
  try {
    await ask((await drawer("readwrite")).put(value, key));
  } catch {
    // As above.
  }
}

export function fresh(language: Language): Draft {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const token = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return {
    token, language, spot: null, place_words: "", kind: null, words: "", happened: "",
    photos: [], sent: false, code: "", done: {},
  };
}

export const loadDraft = (): Promise<Draft | undefined> => get<Draft>("draft");

export function keepDraft(draft: Draft): Promise<void> {
  const plain = toRaw(draft);
  return put("draft", {
    ...plain,
    spot: plain.spot ? { ...toRaw(plain.spot) } : null,
    photos: [...toRaw(plain.photos)].map((one) => toRaw(one)),
    done: { ...toRaw(plain.done) },
  });
}

export async function loadCodes(): Promise<Remembered[]> {
  return (await get<Remembered[]>("codes")) ?? [];
}

export async function keepCodes(codes: Remembered[]): Promise<void> {
  await put("codes", codes.slice(0, MOST_CODES).map((one) => ({ ...toRaw(one) })));
}
