import { describe, expect, it } from "vitest";
import { distance, duration, size, timeOfDay, when } from "./format";

describe("formatting", () => {
  it("shows the township's time, not the browser's", () => {
    expect(timeOfDay("2026-11-22T01:30:05.123Z", "zh", "Asia/Shanghai")).toBe("09:30:05");
    expect(timeOfDay("2026-11-22T16:00:00Z", "en", "Asia/Shanghai")).toBe("00:00:00");
  });
  it("adds the date on other days", () => {
    const now = Date.parse("2026-11-22T04:00:00Z");
    expect(when("2026-11-22T01:30:05Z", now, "zh", "Asia/Shanghai")).toBe("09:30:05");
    expect(when("2026-11-20T01:30:05Z", now, "zh", "Asia/Shanghai")).toContain("11/20");
  });
  it("tells durations in two units at most", () => {
    expect(duration(45.9, "zh")).toBe("45 秒");
    expect(duration(192, "zh")).toBe("3 分 12 秒");
    expect(duration(7500, "en")).toBe("2 h 5 min");
    expect(duration(90_000, "en")).toBe("1 d 1 h");
    expect(duration(-3, "en")).toBe("0 s");
  });
  it("rounds lengths and sizes", () => {
    expect(distance(742.6)).toBe("743 m");
    expect(distance(1234)).toBe("1.2 km");
    expect(size(999)).toBe("999 B");
    expect(size(258_019)).toBe("258 KB");
    expect(size(1_400_000)).toBe("1.4 MB");
    expect(size(7_900_000_000)).toBe("7.9 GB");
    expect(size(3_600_000_000_000)).toBe("3.6 TB");
  });
});
