import { describe, expect, it } from "vitest";
import { age, bitRate, offset, share, uncertainty } from "./figures";
import { clockOff, late, rank, skipping } from "./order";

describe("a camera's figures", () => {
  it("have a unit that fits", () => {
    expect([bitRate(912.4), bitRate(4012)]).toEqual(["912 kb/s", "4.0 Mb/s"]);
    expect([share(0), share(0.00001), share(0.0031), share(0.031)]).toEqual([
      "0 %", "< 0.01 %", "0.31 %", "3.1 %",
    ]);
    expect([offset(0.012), offset(-2.5), offset(-119.9)]).toEqual(["+12 ms", "−2.50 s", "−119.9 s"]);
    expect(uncertainty(0.004)).toBe("±4 ms");
    expect([age(1.24), age(75)]).toEqual(["1.2 s", "1 分 15 秒"]);
  });

  it("are a dash where nobody knows", () => {
    expect([bitRate(null), share(undefined), offset(null), age(null)]).toEqual(["–", "–", "–", "–"]);
    expect(uncertainty(null)).toBe("");
  });

  it("put what is wrong first, a wrong clock before a right one", () => {
    const wrong = { clock_offset_s: -119.9 } as never;
    const states = ["disabled", "online", "unknown", "degraded", "offline"] as const;
    const order = [...states.map((state) => ({ state })), { state: "online" as const, recorder: wrong }];
    expect(order.sort((a, b) => rank(a) - rank(b)).map((one) => one.state)).toEqual([
      "offline", "degraded", "unknown", "online", "online", "disabled",
    ]);
    expect([skipping({ skipped: 0.19 }), skipping({ skipped: 0.2 }), skipping({ skipped: null })]).toEqual([
      false, true, false,
    ]);
    expect([late({ lag_s: 1.9 }), late({ lag_s: 2 }), late(undefined)]).toEqual([false, true, false]);
    expect(rank({ state: "online", recorder: wrong })).toBeLessThan(rank({ state: "online" }));
    expect([clockOff({ clock_offset_s: 1 }), clockOff({ clock_offset_s: -1.1 }), clockOff(null)]).toEqual([
      false, true, false,
    ]);
  });
});
