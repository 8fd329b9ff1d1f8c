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

/** What a person at the desk should know; empty while all is well. */
export const elsewhereNotice = computed(() => {
  const found = elsewhere.value;
  if (found?.state !== "stuck") return "";
  const since = found.oldest ? t("elsewhere.since", { when: whenText(found.oldest) }) : "";
  const what = found.waiting ? t("elsewhere.stuck", { count: found.waiting }) : t("elsewhere.trouble");
  return [what, since, t("elsewhere.tell")].filter(Boolean).join(" · ");
});

/** The same for who can mend it. */
export const elsewhereReason = computed(() => {
  const found = elsewhere.value;
  return found ? [...found.problems, found.error].filter(Boolean).join("\n") : "";
});
