import { describe, expect, it } from "vitest";
import { CAMERA, KEEP_S, PHONE, plan, retryDelay } from "./buffer";

describe("plan", () => {
  it("waits while nothing is buffered", () => {
    expect(plan([], 0, 1)).toEqual({ rate: 1 });
  });
  it("goes to the stream's start, which is rarely 0", () => {
    expect(plan([{ start: 100, end: 100.5 }], 0, 1).seekTo).toBe(100);
  });
  it("stays where it is near the live edge", () => {
    expect(plan([{ start: 0, end: 10 }], 9.4, 1)).toEqual({ rate: 1 });
  });
  it("hurries when a little late, until the edge is reached", () => {
    expect(plan([{ start: 0, end: 10 }], 8.5, 1).rate).toBeGreaterThan(1);
    expect(plan([{ start: 0, end: 10 }], 9.2, 1.08).rate).toBeGreaterThan(1);
    expect(plan([{ start: 0, end: 10 }], 9.2, 1).rate).toBe(1);
    expect(plan([{ start: 0, end: 10 }], 9.5, 1.08).rate).toBe(1);
  });
  it("jumps to the live edge when more than two seconds late", () => {
    expect(plan([{ start: 0, end: 10 }], 7.9, 1).seekTo).toBe(10 - CAMERA.edge_s);
  });
  it("lets a phone's film come in gulps", () => {
    expect(plan([{ start: 0, end: 10 }], 7.9, 1, PHONE)).toEqual({ rate: 1 });
    expect(plan([{ start: 0, end: 20 }], 7.9, 1, PHONE).seekTo).toBe(20 - PHONE.edge_s);
  });
  it("leaves a hole that the server made for a slow line", () => {
    const spans = [
      { start: 0, end: 5 },
      { start: 6, end: 6.4 },
    ];
    expect(plan(spans, 5, 1).seekTo).toBe(6);
  });
  it("returns when timestamps start over", () => {
    expect(plan([{ start: 0, end: 3 }], 50, 1).seekTo).toBe(3 - CAMERA.edge_s);
  });
  it("forgets what was played long ago, never what is being played", () => {
    const decided = plan([{ start: 0, end: 30 }], 29.5, 1);
    expect(decided.removeBefore).toBe(29.5 - KEEP_S);
    expect(plan([{ start: 20, end: 30 }], 29.5, 1).removeBefore).toBeUndefined();
  });
});

describe("retryDelay", () => {
  it("grows, is bounded and differs between players", () => {
    expect(retryDelay(0, 1)).toBe(0.5);
    expect(retryDelay(3, 1)).toBe(4);
    expect(retryDelay(50, 1)).toBe(15);
    expect(retryDelay(50, 0)).toBe(7.5);
  });
});
