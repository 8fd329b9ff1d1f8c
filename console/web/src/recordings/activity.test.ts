import { describe, expect, it } from "vitest";
import { type Activity, area } from "./activity";

const activity: Activity = {
  first: 1000,
  part: 100,
  moving: [null, 0, 10, 10, 20, null, 5],
  people: [],
  vehicles: [],
  animals: [],
};

describe("the area of an activity track", () => {
  const path = (values: (number | null)[]) => area(activity, values, 1000, 2000, 50, (value) => value);

  it("is one step for neighbours that are alike, and nothing where nothing was", () => {
    expect(path(activity.moving)).toBe("M200.00 50V40.0H400.00V30.0H500.00V50.0ZM600.00 50V45.0H700.00V50.0Z");
    expect(path([null, 0, null])).toBe("");
    expect(path([])).toBe("");
  });
});
