import { describe, expect, it } from "vitest";
import type { Film } from "../api/types";
import { beginOf, boundsOf, dayOf, rowsOf } from "./days";

const ZONE = "Asia/Shanghai";

function film(source: string, start: string, end: string): Film {
  return {
    id: `${source}${start}`,
    source,
    file: "DJI_0001.MP4",
    start,
    end,
    imported: end,
    clock_source: "container",
    clock_confidence: "high",
    video: {},
    telemetry: null,
    files: [],
    notes: [],
    url: "",
  };
}

describe("days of the township", () => {
  it("begin at its midnight, not at that of Greenwich", () => {
    expect(dayOf("2026-11-21T16:00:00Z", ZONE)).toBe("2026-11-22");
    expect(new Date(beginOf("2026-11-22", ZONE)).toISOString()).toBe("2026-11-21T16:00:00.000Z");
  });

  it("may have 23 or 25 hours", () => {
    const hours = (day: string) => {
      const { from, to } = boundsOf(day, "Europe/Berlin");
      return (to - from) / 3_600_000;
    };
    expect([hours("2026-03-29"), hours("2026-10-25"), hours("2026-11-22")]).toEqual([23, 25, 24]);
  });
});

describe("films in a day", () => {
  it("are put into rows by device, at their time", () => {
    const rows = rowsOf(
      [
        film("m300", "2026-11-22T04:00:00Z", "2026-11-22T10:00:00Z"),
        film("body-1", "2026-11-21T16:00:00Z", "2026-11-21T16:00:05Z"),
        film("m300", "2026-11-21T22:00:00Z", "2026-11-21T23:00:00Z"),
      ],
      "2026-11-22",
      ZONE,
    );
    expect(rows.map((row) => row.source)).toEqual(["body-1", "m300"]);
    expect(rows[1]?.blocks.map((one) => one.left)).toEqual([25, 50]);
    expect(rows[1]?.blocks.map((one) => Math.round(one.width * 24))).toEqual([100, 600]);
    expect(rows[0]?.blocks[0]?.width).toBeGreaterThan(0.3);
  });

  it("are cut at midnight, and left out when they lie in other days", () => {
    const rows = rowsOf(
      [
        film("a", "2026-11-21T15:00:00Z", "2026-11-21T17:00:00Z"),
        film("b", "2026-11-22T16:00:00Z", "2026-11-22T17:00:00Z"),
      ],
      "2026-11-22",
      ZONE,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.blocks[0]?.left).toBe(0);
    expect(rows[0]?.blocks[0]?.width).toBeCloseTo(100 / 24);
  });
});
