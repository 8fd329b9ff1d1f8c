import { afterEach, describe, expect, it, vi } from "vitest";
import { metres, PlaceWatch, type Seen, worthTelling } from "./place";

const at = (seconds: number, east_m = 0, accuracy_m: number | null = 5): Seen => ({
  fix: { lon: 112.45 + east_m / 96_000, lat: 30.42, accuracy_m },
  at: seconds * 1000,
});

describe("what is worth telling", () => {
  it("is the first place, a step, and a sign of life", () => {
    expect(worthTelling(null, at(0))).toBe(true);
    expect(worthTelling(at(0), at(2, 500))).toBe(false);
    expect(worthTelling(at(0), at(6, 30))).toBe(true);
    expect(worthTelling(at(0), at(30, 3))).toBe(false);
    expect(worthTelling(at(0), at(60, 0))).toBe(true);
  });

  it("is no step within the circle of doubt", () => {
    expect(worthTelling(at(0), at(6, 30, 80))).toBe(false);
    expect(worthTelling(at(0), at(6, 60, 80))).toBe(true);
  });

  it("measures ways", () => {
    expect(metres({ lon: 112, lat: 30 }, { lon: 112, lat: 30.01 })).toBeCloseTo(1112, 0);
    expect(metres({ lon: 112, lat: 60 }, { lon: 112.01, lat: 60 })).toBeCloseTo(556, 0);
  });
});

describe("the watch over the place", () => {
  afterEach(() => vi.useRealTimers());

  function phone(): { geolocation: Geolocation; move: (east_m: number) => void; watches: () => number } {
    const hearing = new Map<number, PositionCallback>();
    // A late answer reaches even those who stopped listening, as some phones do it.
    const ever: PositionCallback[] = [];
    return {
      geolocation: {
        watchPosition: (hear: PositionCallback) => {
          ever.push(hear);
          hearing.set(ever.length, hear);
          return ever.length;
        },
        clearWatch: (id: number) => void hearing.delete(id),
        getCurrentPosition: () => undefined,
      } as Geolocation,
      move: (east_m) => {
        const coords = { longitude: 112.45 + east_m / 96_000, latitude: 30.42, accuracy: 6 };
        for (const hear of ever) hear({ coords, timestamp: 0 } as GeolocationPosition);
      },
      watches: () => hearing.size,
    };
  }

  it("tells nothing before it is started and nothing after it was stopped", () => {
    vi.useFakeTimers();
    const { geolocation, move, watches } = phone();
    const told: Seen[] = [];
    let now = 0;
    const watch = new PlaceWatch(geolocation, (seen) => told.push(seen), () => undefined, () => now);
    move(0);
    expect(told).toHaveLength(0);
    expect(watches()).toBe(0);
    watch.start();
    watch.start();
    expect(watches()).toBe(1);
    move(0);
    now = 10_000;
    move(100);
    expect(told.map((one) => one.fix.accuracy_m)).toEqual([6, 6]);
    expect(watch.current()).not.toBeNull();
    watch.stop();
    now = 100_000;
    move(500);
    vi.advanceTimersByTime(600_000);
    expect(told).toHaveLength(2);
    expect(watches()).toBe(0);
    expect(watch.current()).toBeNull();
  });

  it("says what is wrong", () => {
    const said: (string | null)[] = [];
    new PlaceWatch(undefined, () => undefined, (_, trouble) => said.push(trouble)).start();
    const refusing = {
      watchPosition: (_: PositionCallback, fail: PositionErrorCallback) => {
        queueMicrotask(() => fail({ code: 1 } as GeolocationPositionError));
        return 1;
      },
      clearWatch: () => undefined,
      getCurrentPosition: () => undefined,
    } as unknown as Geolocation;
    const watch = new PlaceWatch(refusing, () => undefined, (_, trouble) => said.push(trouble));
    watch.start();
    return Promise.resolve().then(() => {
      expect(said).toEqual(["unsupported", "denied"]);
      watch.stop();
    });
  });
});
