// A camera's figures as people read them; a dash where nobody knows.

import type { Health } from "../api/types";
import { duration } from "../format";
import { language, t } from "../i18n";

export const UNKNOWN = "–";

type Known = number | null | undefined;

/** 912 kb/s, 4.0 Mb/s. */
export function bitRate(kbps: Known): string {
  if (kbps == null) return UNKNOWN;
  return kbps < 1000 ? `${Math.round(kbps)} kb/s` : `${(kbps / 1000).toFixed(1)} Mb/s`;
}

export function rate(fps: Known): string {
  return fps == null ? UNKNOWN : fps.toFixed(1);
}

/** 0 %, 0.03 %, 3.1 %: a loss that is not nothing is never shown as nothing. */
export function share(ratio: Known): string {
  if (ratio == null) return UNKNOWN;
  const percent = ratio * 100;
  if (percent === 0) return "0 %";
  return percent < 0.01 ? "< 0.01 %" : `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}

/** +12 ms, −2.50 s, −119.9 s; behind is minus. */
export function offset(seconds: Known): string {
  if (seconds == null) return UNKNOWN;
  const sign = seconds < 0 ? "−" : "+";
  return `${sign}${span(Math.abs(seconds))}`;
}

export function uncertainty(seconds: Known): string {
  return seconds == null ? "" : `±${span(seconds)}`;
}

function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return seconds < 3600 ? `${seconds.toFixed(1)} s` : duration(seconds, language.value);
}

export function age(seconds: Known): string {
  if (seconds == null) return UNKNOWN;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : duration(seconds, language.value);
}

export function count(number: Known): string {
  return number == null ? UNKNOWN : String(number);
}

export function pictureText(view: Pick<Health, "picture"> | undefined): string {
  return view?.picture ? t(`picture.${view.picture}`) : UNKNOWN;
}
