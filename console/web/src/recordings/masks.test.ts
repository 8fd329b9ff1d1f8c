import { describe, expect, it } from "vitest";
import { type Rectangle, active, between, moved, newMask, outward, wrongIn } from "./masks";

describe("masks by hand", () => {
  it("are drawn in any direction and end at the picture's edge", () => {
    expect(between([0.5, 0.6], [0.2, 0.1])).toEqual([0.2, 0.1, 0.3, 0.5]);
    expect(between([0.9, 0.9], [1.4, 1.2])?.map((one) => one.toFixed(2))).toEqual(["0.90", "0.90", "0.10", "0.10"]);
    expect(between([0.5, 0.5], [0.501, 0.9])).toBeNull();
  });

  it("stay within the picture wherever they are moved", () => {
    let box: Rectangle = [0.4, 0.4, 0.2, 0.2];
    for (const [x, y, resize] of [[9, 0, false], [0, -9, false], [9, 9, true], [-9, -9, true], [-9, 9, false]] as const) {
      box = moved(box, x, y, resize);
      const [left, top, wide, high] = box;
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(Math.max(left + wide, top + high)).toBeLessThanOrEqual(1 + 1e-9);
      expect(Math.min(wide, high)).toBeGreaterThan(0);
    }
  });

  it("hold from where they are drawn to the end, and begin within the clip", () => {
    const mask = newMask(3.456, 10, [0, 0, 1, 1]);
    expect([mask.from, mask.to]).toEqual([3.46, 10]);
    expect([active(mask, 3.4), active(mask, 5), active(mask, 10)]).toEqual([false, true, false]);
    const late = newMask(10, 10, [0, 0, 1, 1]);
    expect(late.from).toBeLessThan(10);
    expect(wrongIn([mask, late], 10)).toBe("");
  });

  it("are told apart when one is wrong", () => {
    const good = newMask(0, 10, [0, 0, 1, 1]);
    expect(wrongIn([good, { ...good, from: 5, to: 5 }], 10)).toContain("2");
    expect(wrongIn([{ ...good, from: 11, to: 12 }], 10)).toContain("10");
    expect(wrongIn([{ ...good, to: Number.NaN }], 10)).not.toBe("");
  });

  it("go out within 0 to 1 whatever is rounded", () => {
    const third: Rectangle = [0.3333333, 0.6666666, 0.6666667, 0.3333334];
    for (const { box } of outward([newMask(0, 1, third)])) {
      expect(box[0] + box[2]).toBeLessThanOrEqual(1);
      expect(box[1] + box[3]).toBeLessThanOrEqual(1);
    }
  });
});
