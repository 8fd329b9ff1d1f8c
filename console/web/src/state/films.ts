// Films that officers take: told by events, shown while they are taken.

import { computed, shallowReactive } from "vue";
import { api } from "../api/http";
import type { FieldFilm } from "../api/types";

const known = shallowReactive(new Map<string, FieldFilm>());

/** Being taken now, the newest first. */
export const live = computed(() =>
  [...known.values()].filter((one) => one.state === "open").sort((a, b) => b.at.localeCompare(a.at)),
);
/** Those of calls for help, which belong to no incident. */
export const ofCalls = computed(() =>
  [...known.values()].filter((one) => one.incident.startsWith("call-")).sort((a, b) => b.at.localeCompare(a.at)),
);

/** One that was heard of, over or not. */
export const filmOf = (id: string): FieldFilm | undefined => known.get(id);

export function hearFilm(one: FieldFilm): void {
  const before = known.get(one.id);
  if (before && before.touched > one.touched) return;
  known.set(one.id, one);
}

export async function loadFilms(): Promise<void> {
  const list = await api<FieldFilm[]>("GET", "/field-films");
  known.clear();
  list.forEach((one) => known.set(one.id, one));
}
