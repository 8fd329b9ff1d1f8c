import { describe, expect, it } from "vitest";
import type { Usual } from "../../api/patterns";
import { isUsual, usualText } from "./usual";

const saturdays: Usual = { days: [5], start_h: 5, hours: 2, visits: 5, of: 6, chance: 0.001 };

describe("usual hours", () => {
  it("are said with days and times", () => {
    expect(usualText(saturdays)).toMatch(/05:00–07:00$/);
    expect(usualText({ ...saturdays, start_h: 22, hours: 4 })).toMatch(/22:00–02:00$/);
  });
  it("pass midnight and the end of the week", () => {
    const sundays = { ...saturdays, days: [6], start_h: 23, hours: 2 };
    expect([167, 0, 1, 166].map((hour) => isUsual(sundays, hour))).toEqual([true, true, false, false]);
    expect(isUsual(null, 3)).toBe(false);
  });
});
