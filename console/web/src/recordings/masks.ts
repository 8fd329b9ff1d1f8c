// Rectangles that a person draws over a clip, each for a stretch of its time.

import { t } from "../i18n";

/** x, y, width, height; of the picture's size. */
export type Rectangle = [number, number, number, number];

export interface Mask {
  id: number;
  from: number;
  to: number;
  box: Rectangle;
}

const LEAST = 0.005;
let last = 0;

/** A mask from a moment to the end of the clip: what is not looked at stays covered. */
export function newMask(at: number, length: number, box: Rectangle): Mask {
  const from = Math.min(at, Math.max(0, length - 0.2));
  return { id: ++last, from: round(from, 2), to: round(Math.max(length, from + 0.2), 2), box };
}

/** The rectangle between two points; null when it is too small to have been meant. */
export function between(a: [number, number], b: [number, number]): Rectangle | null {
  const [left, top] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])].map(inside) as [number, number];
  const [right, bottom] = [Math.max(a[0], b[0]), Math.max(a[1], b[1])].map(inside) as [number, number];
  if (right - left < 2 * LEAST || bottom - top < 2 * LEAST) return null;
  return [left, top, right - left, bottom - top];
}

/** Shifted, or with its lower right corner shifted; always within the picture. */
export function moved(box: Rectangle, x: number, y: number, resize: boolean): Rectangle {
  const [left, top, wide, high] = box;
  if (resize) {
    return [left, top, limited(wide + x, 2 * LEAST, 1 - left), limited(high + y, 2 * LEAST, 1 - top)];
  }
  return [limited(left + x, 0, 1 - wide), limited(top + y, 0, 1 - high), wide, high];
}

export function active(mask: Mask, at: number): boolean {
  return mask.from <= at && at < mask.to;
}

/** What is wrong with the first mask that is not right; empty when all are. */
export function wrongIn(masks: readonly Mask[], length: number): string {
  for (const [index, mask] of masks.entries()) {
    if (!(mask.from >= 0 && mask.to > mask.from)) return t("copy.maskOrder", { n: index + 1 });
    if (mask.from >= length) return t("copy.maskBeyond", { n: index + 1, s: round(length, 1) });
  }
  return "";
}

/** As the console wants them. */
export function outward(masks: readonly Mask[]): { from_s: number; to_s: number; box: Rectangle }[] {
  return masks.map((mask) => {
    const [x, y, wide, high] = mask.box.map((one) => round(one, 5)) as Rectangle;
    return { from_s: mask.from, to_s: mask.to, box: [x, y, Math.min(wide, 1 - x), Math.min(high, 1 - y)] };
  });
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function inside(value: number): number {
  return limited(value, 0, 1);
}

function limited(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
