// Times, lengths and sizes for people.

import type { Language } from "./api/types";

const locales: Record<Language, string> = { zh: "zh-CN", en: "en-GB" };
const made = new Map<string, Intl.DateTimeFormat>();

function formatter(language: Language, zone: string, style: "time" | "day" | "full"): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${style}`;
  let found = made.get(key);
  if (!found) {
    const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
    const options: Intl.DateTimeFormatOptions =
      style === "time"
        ? time
        : style === "day"
          ? { month: "long", day: "numeric", weekday: language === "zh" ? "long" : "short" }
          : { month: "2-digit", day: "2-digit", ...time };
    found = new Intl.DateTimeFormat(locales[language], { timeZone: zone, ...options });
    made.set(key, found);
  }
  return found;
}

/** 09:30:05 in the township's time zone. */
export function timeOfDay(moment: number | string, language: Language, zone: string): string {
  return formatter(language, zone, "time").format(new Date(moment));
}

/** 11月22日星期日 / Sun 22 November. */
export function day(moment: number | string, language: Language, zone: string): string {
  return formatter(language, zone, "day").format(new Date(moment));
}

/** The time alone today, with the date on other days. */
export function when(moment: string, now: number, language: Language, zone: string): string {
  const same = day(moment, language, zone) === day(now, language, zone);
  return formatter(language, zone, same ? "time" : "full").format(new Date(moment));
}

/** 45 秒, 3 分 12 秒, 2 小时 5 分 / 45 s, 3 min 12 s, 2 h 5 min. */
export function duration(seconds: number, language: Language): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [s, min, h, d] = language === "zh" ? ["秒", "分", "小时", "天"] : ["s", "min", "h", "d"];
  if (whole < 60) return `${whole} ${s}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${min} ${whole % 60} ${s}`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} ${h} ${Math.floor((whole % 3600) / 60)} ${min}`;
  return `${Math.floor(whole / 86_400)} ${d} ${Math.floor((whole % 86_400) / 3600)} ${h}`;
}

/** A length in one unit: 58 秒, 1.6 分, 15 分, 24 小时 / 58 s, 1.6 min, 15 min, 24 h. */
export function about(seconds: number, language: Language): string {
  const [s, min, h] = language === "zh" ? ["秒", "分", "小时"] : ["s", "min", "h"];
  if (seconds < 90) return `${Math.round(seconds)} ${s}`;
  return seconds < 5400 ? `${Math.round(seconds / 6) / 10} ${min}` : `${Math.round(seconds / 360) / 10} ${h}`;
}

/** 743 m, 1.2 km. */
export function distance(metres: number): string {
  return metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(1)} km`;
}

/** 252 KB, 1.4 MB, 7.9 GB, 3.6 TB. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} KB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  if (bytes < 1_000_000_000_000) return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
  return `${(bytes / 1_000_000_000_000).toFixed(1)} TB`;
}
