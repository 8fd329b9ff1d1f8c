// What is on disk of a day, and where a moment lies in it.

import { api } from "../api/http";

export interface Stretch {
  /** Milliseconds of UTC. */
  first: number;
  last: number;
}

export interface Hole extends Stretch {
  reason: string;
  detail: string;
}

export interface Mark extends Stretch {
  incident: string;
  kind: "fishing" | "dumping" | "occupation";
  severity: "minor" | "serious";
}

export interface Day {
  camera: string;
  recorded: Stretch[];
  holes: Hole[];
  marks: Mark[];
}

type Outward<T> = Omit<T, "first" | "last"> & { first: string; last: string };

interface Answer {
  camera: string;
  recorded: Outward<Stretch>[];
  holes: Outward<Hole>[];
  marks: Outward<Mark>[];
}

function inward<T extends Stretch>(one: Outward<T>): T {
  return { ...one, first: Date.parse(one.first), last: Date.parse(one.last) } as unknown as T;
}

export async function loadDay(camera: string, from: number, to: number): Promise<Day> {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  const answer = await api<Answer>("GET", `/recordings/${camera}/timeline?${query}`);
  return {
    camera,
    recorded: answer.recorded.map(inward<Stretch>),
    holes: answer.holes.map(inward<Hole>),
    marks: answer.marks.map(inward<Mark>),
  };
}

/** The stretch or hole that a moment lies in. */
export function at<T extends Stretch>(spans: readonly T[], moment: number): T | undefined {
  return spans.find((one) => one.first <= moment && moment < one.last);
}

/** The next moment that any of the cameras was recorded, `moment` itself if one was. */
export function nextRecorded(days: readonly Day[], moment: number): number | null {
  let best: number | null = null;
  for (const day of days) {
    for (const span of day.recorded) {
      if (span.last <= moment) continue;
      const found = Math.max(moment, span.first);
      if (best === null || found < best) best = found;
    }
  }
  return best;
}

export interface Block<T> {
  span: T;
  /** Per cent of what is shown. */
  left: number;
  width: number;
}

/** Spans laid out on a bar that shows `from` to `to`; those outside are left out. */
export function laidOut<T extends Stretch>(spans: readonly T[], from: number, to: number): Block<T>[] {
  const whole = to - from;
  return spans
    .filter((span) => span.last > from && span.first < to)
    .map((span) => {
      const first = Math.max(span.first, from);
      return {
        span,
        left: ((first - from) / whole) * 100,
        width: ((Math.min(span.last, to) - first) / whole) * 100,
      };
    });
}
