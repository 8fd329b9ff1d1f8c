// Two languages, chosen per person; Chinese first.

import { ref, watchEffect } from "vue";
import type { Language, Words } from "../api/types";
import { type Key, words } from "./words";

export type { Key } from "./words";

const STORED = "wardwatch.language";

export const language = ref<Language>(localStorage.getItem(STORED) === "en" ? "en" : "zh");

watchEffect(() => {
  localStorage.setItem(STORED, language.value);
  document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
});

/** The words for a key, with `{name}` filled in. */
export function t(key: Key, fill: Record<string, string | number> = {}): string {
  return words[key][language.value].replace(/\{(\w+)\}/g, (_, name: string) => `${fill[name] ?? ""}`);
}

/** The words for a key that is put together at run time; `fallback` when there are none. */
export function maybe(key: string, fallback: string): string {
  return key in words ? t(key as Key) : fallback;
}

/** A text that carries both languages. */
export function say(words: Words | undefined): string {
  return words ? words[language.value] || words.zh : "";
}
