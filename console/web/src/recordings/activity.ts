// How much moved and who was there, for the bar under a day's recordings.

import { api } from "../api/http";
import type { Day } from "./day";

export interface Activity {
  /** Milliseconds of UTC. */
  first: number;
  part: number;
  /** 0 to 255, the root of the moving share of the picture; null: not analysed. */
  moving: (number | null)[];
  people: number[];
  vehicles: number[];
  animals: number[];
}

/** Going back again shortly after a jump goes on, not to the same place. */
const BEFORE_MS = 3000;

export async function loadActivity(camera: string, from: number, to: number, parts: number): Promise<Activity> {
  const query = new URLSearchParams({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    parts: String(Math.max(1, Math.min(4000, Math.round(parts)))),
  });
  type Answer = Omit<Activity, "first" | "part"> & { first: string; part_s: number };
  const { first, part_s, ...rest } = await api<Answer>("GET", `/recordings/${camera}/activity?${query}`);
  return { ...rest, first: Date.parse(first), part: part_s * 1000 };
}

/** The nearest beginning of movement or of an incident at any of the cameras. */
export async function nextActivity(days: readonly Day[], moment: number, back: boolean): Promise<number | null> {
  const at = Math.round(back ? moment - BEFORE_MS : moment);
  const query = new URLSearchParams({ at: new Date(at).toISOString(), back: String(back) });
  const told = await Promise.all(
    days.map((one) => api<{ at: string | null }>("GET", `/recordings/${one.camera}/activity/next?${query}`)),
  );
  const found = [
    ...told.flatMap((one) => (one.at ? [Date.parse(one.at)] : [])),
    ...days.flatMap((one) => one.marks.map((mark) => mark.first)),
  ].filter((one) => (back ? one < at : one > at));
  if (!found.length) return null;
  return back ? Math.max(...found) : Math.min(...found);
}

/** Widths are laid out over so many units. */
export const WIDE = 1000;

/** Values as the path of an SVG: steps over `bottom`, nothing where the height is 0 or there is no value. */
export function area(
  activity: Activity,
  values: readonly (number | null)[],
  from: number,
  to: number,
  bottom: number,
  height: (value: number) => number,
): string {
  const place = (index: number): string =>
    (((activity.first + index * activity.part - from) / (to - from)) * WIDE).toFixed(2);
  let path = "";
  let before = 0;
  for (let index = 0; index <= values.length; index++) {
    const value = values[index];
    const tall = value == null ? 0 : height(value);
    if (tall === before) continue;
    if (before === 0) path += `M${place(index)} ${bottom}`;
    else path += `H${place(index)}`;
    path += `V${(bottom - tall).toFixed(1)}`;
    if (tall === 0) path += "Z";
    before = tall;
  }
  return path;
}
