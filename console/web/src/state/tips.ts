// Tips of the public: how many wait, and that one of them has moved.

import { ref, shallowRef } from "vue";
import { api } from "../api/http";
import type { TipList, TipNews } from "../api/types";
import { say, t } from "../i18n";
import { notify } from "./notices";
import { mayCommand, session } from "./session";

export const tipsWaiting = ref(0);
/** The newest word about any tip; pages look again when it changes. */
export const tipNews = shallowRef<TipNews | null>(null);

export async function loadTips(): Promise<void> {
  if (!mayCommand.value) return;
  tipsWaiting.value = (await api<TipList>("GET", "/tips?waiting=true")).waiting;
}

export function hearTip(one: TipNews): void {
  if (one.refused && one.user === session.value?.name) notify(t("tips.refused", { why: say(one.why) }), true);
  tipNews.value = one;
  void loadTips().catch(() => undefined);
}
