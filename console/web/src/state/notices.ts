// Short messages at the lower edge: what was done, what went wrong.

import { shallowReactive } from "vue";
import { ApiError } from "../api/http";
import { reasonText } from "../cameras/reasons";
import { maybe, t } from "../i18n";

export interface Notice {
  id: number;
  text: string;
  bad: boolean;
}

export const notices = shallowReactive<Notice[]>([]);
let last = 0;

export function notify(text: string, bad = false): void {
  const notice = { id: ++last, text, bad };
  notices.push(notice);
  window.setTimeout(() => notices.splice(notices.indexOf(notice), 1), bad ? 7000 : 3500);
}

export function problemText(error: unknown): string {
  if (!(error instanceof ApiError)) return t("problem.unknown");
  if (error.code === "throttled") return t("problem.throttled", { s: error.retryAfterS });
  if (error.code === "too-many") return t("problem.too-many", { s: error.retryAfterS });
  if (error.code === "camera") return t("problem.camera", { why: reasonText(error.detail) });
  if (error.code === "duty" && error.detail) return error.detail;
  if (error.code === "mask") return t("problem.mask", { why: error.detail });
  if (error.code === "disk") return t("problem.disk", { why: error.detail });
  if (error.code === "law" || error.code === "paper") return t("problem.law", { why: error.detail });
  if (error.code === "invalid") return t("problem.invalid", { why: error.detail });
  return maybe(`problem.${error.code}`, t("problem.unknown"));
}

export function notifyProblem(error: unknown): void {
  notify(problemText(error), true);
}
