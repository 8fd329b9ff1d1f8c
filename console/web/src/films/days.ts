// Days of the township, and where films lie in them.

import type { Film } from "../api/types";

const DAY_MS = 86_400_000;

/** 2026-11-22 as the township's calendar has it. */
export function dayOf(moment: number | string, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(moment));
}

/** When a day begins in that zone, milliseconds of UTC. */
export function beginOf(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // The zone's offset at about that time, asked twice because the first guess may lie across a change.
  return utc - offset(utc - offset(utc, zone), zone);
}

/** The bounds of a day for a query. */
export function boundsOf(day: string, zone: string): { from: number; to: number } {
  const from = beginOf(day, zone);
  return { from, to: beginOf(dayAfter(day), zone) };
}

export interface Block {
  film: Film;
  /** Per cent of the day. */
  left: number;
  width: number;
}

/** The films of a day by device, each with its place in the day; short ones are still visible. */
export function rowsOf(films: Film[], day: string, zone: string): { source: string; blocks: Block[] }[] {
  const { from, to } = boundsOf(day, zone);
  const rows = new Map<string, Block[]>();
  for (const film of films) {
    const begin = Math.max(Date.parse(film.start), from);
    const end = Math.min(Date.parse(film.end), to);
    if (end < from || begin >= to) continue;
    const left = ((begin - from) / (to - from)) * 100;
    const width = Math.max(((end - begin) / (to - from)) * 100, 0.35);
    const row = rows.get(film.source) ?? [];
    row.push({ film, left, width });
    rows.set(film.source, row);
  }
  return [...rows.entries()]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([source, blocks]) => ({ source, blocks: blocks.sort((one, other) => one.left - other.left) }));
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(at));
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const there = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return there - Math.floor(at / 1000) * 1000;
}
