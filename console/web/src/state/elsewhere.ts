// Whether evidence that is to be stored elsewhere gets there; asked once a minute.

import { computed, shallowRef } from "vue";
import { api } from "../api/http";
import type { Elsewhere } from "../api/types";
import { t } from "../i18n";
import { whenText } from "./site";

const EVERY_MS = 60_000;

const elsewhere = shallowRef<Elsewhere | null>(null);
let timer = 0;

export function watchElsewhere(): void {
  window.clearTimeout(timer);
  void api<Elsewhere | null>("GET", "/evidence/elsewhere")
    .then((found) => (elsewhere.value = found))
    .catch(() => undefined)
    .finally(() => (timer = window.setTimeout(watchElsewhere, EVERY_MS)));
}

export function leaveElsewhere(): void {
  window.clearTimeout(timer);
  elsewhere.value = null;
}

/** What a person should know; empty while all is well. */
export const elsewhereNotice = computed(() => {
  const found = elsewhere.value;
  if (!found || found.state !== "stuck") return "";
  const since = found.oldest ? t("elsewhere.since", { when: whenText(found.oldest) }) : "";
  const why = found.problems[0] ?? found.error;
  return [t("elsewhere.stuck", { count: found.waiting }), since, why].filter(Boolean).join(" · ");
});
