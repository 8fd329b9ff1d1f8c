import { beforeEach, describe, expect, it } from "vitest";
import { type Day, at, laidOut, nextRecorded } from "./day";
import { type Film, Playhead } from "./playhead";

class Fake implements Film {
  zero: number | null = 0;
  ready = true;
  failed = false;
  position = 0;
  rate = 0;
  seeks: number[] = [];
  play(rate: number): void {
    this.rate = rate;
  }
  pause(): void {
    this.rate = 0;
  }
  seek(position: number): void {
    this.seeks.push(position);
    this.position = position;
  }
}

function day(camera: string, ...spans: [number, number][]): Day {
  return { camera, recorded: spans.map(([first, last]) => ({ first, last })), holes: [], marks: [] };
}

describe("the playhead", () => {
  let head: Playhead;
  let one: Fake;
  let two: Fake;
  let films: Map<string, Film>;

  beforeEach(() => {
    head = new Playhead();
    head.moment = 1000;
    head.playing = true;
    one = new Fake();
    two = new Fake();
    one.position = two.position = 1;
    films = new Map([
      ["one", one],
      ["two", two],
    ]);
  });

  it("takes all videos along at its rate", () => {
    head.rate = 4;
    head.tick(100, films, [day("one", [0, 9000]), day("two", [0, 9000])]);
    expect(head.moment).toBe(1400);
    expect(one.rate).toBeGreaterThan(4);
    expect(one.seeks).toEqual([]);
  });

  it("pulls a video that lags and seeks one that is far away", () => {
    one.position = 0.95;
    two.position = 4;
    head.tick(100, films, [day("one", [0, 9000]), day("two", [0, 9000])]);
    expect(one.rate).toBeCloseTo(1.06);
    expect(two.seeks).toEqual([1.1]);
  });

  it("waits for a camera that was recorded, but not for ever", () => {
    two.ready = false;
    const days = [day("one", [0, 90_000]), day("two", [0, 90_000])];
    expect(head.tick(100, films, days)).toEqual(["two"]);
    expect(head.moment).toBe(1000);
    for (let n = 0; n < 70; n++) head.tick(100, films, days);
    expect(head.moment).toBeGreaterThan(1000);
  });

  it("does not wait for one that has failed or was not recorded", () => {
    one.failed = true;
    one.ready = two.ready = false;
    head.tick(100, films, [day("one", [0, 9000]), day("two", [5000, 9000])]);
    expect(head.moment).toBe(1100);
    expect(two.rate).toBe(0);
  });

  it("skips what nobody recorded and stops at the end", () => {
    const days = [day("one", [0, 1050], [8000, 9000]), day("two", [0, 1000])];
    head.tick(100, films, days);
    expect(head.moment).toBe(8000);
    one.position = 8;
    head.moment = 8990;
    head.tick(100, films, days);
    expect(head.playing).toBe(false);
  });
});

describe("a day", () => {
  it("knows what lies at a moment and what comes next", () => {
    const spans = [
      { first: 10, last: 20 },
      { first: 30, last: 40 },
    ];
    expect(at(spans, 20)).toBeUndefined();
    expect(at(spans, 30)).toEqual({ first: 30, last: 40 });
    expect(nextRecorded([day("one", [10, 20], [30, 40])], 20)).toBe(30);
    expect(nextRecorded([day("one", [10, 20])], 15)).toBe(15);
    expect(nextRecorded([day("one", [10, 20])], 20)).toBeNull();
  });

  it("is laid out on a bar, cut at its ends", () => {
    const blocks = laidOut([{ first: -50, last: 50 }, { first: 90, last: 300 }, { first: 400, last: 500 }], 0, 200);
    expect(blocks.map(({ left, width }) => [left, Math.round(width)])).toEqual([
      [0, 25],
      [45, 55],
    ]);
  });
});
