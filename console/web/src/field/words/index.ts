// The phone's own books of words: it loads nothing of the console's.

import { ref, watchEffect } from "vue";
import type { Language, Words } from "../types";
import { en } from "./en";
import { type Key, zh } from "./zh";

export type { Key } from "./zh";

const STORED = "wardwatch.language";
const books: Record<Language, Record<Key, string>> = { zh, en };

export const language = ref<Language>(localStorage.getItem(STORED) === "en" ? "en" : "zh");

watchEffect(() => {
  localStorage.setItem(STORED, language.value);
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

export function t(key: Key, fill: Record<string, string | number> = {}): string {
  return books[language.value][key].replace(/\{(\w+)\}/g, (_, name: string) => `${fill[name] ?? ""}`);
}

/** The words for a key that is put together at run time. */
export function maybe(key: string, fallback: Key): string {
  return t(key in zh ? (key as Key) : fallback);
}

export function say(words: Words | null | undefined): string {
  return words ? words[language.value] || words.zh : "";
}
