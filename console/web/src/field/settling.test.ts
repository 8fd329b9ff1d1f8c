import { expect, it } from "vitest";
import { Settling } from "./settling";

it("does not let an older answer put an officer back on duty", () => {
  let now = 0;
  const settling = new Settling(() => now);
  expect(settling.duty(true)).toBe(true);
  settling.sayDuty(false);
  expect(settling.duty(true)).toBe(false);
  settling.sayDuty(true);
  expect(settling.duty(false)).toBe(true);
  now = 60_000;
  expect(settling.duty(false)).toBe(false);
});

it("shows an order as far as the officer has gone, delivered or waiting", () => {
  let now = 0;
  const settling = new Settling(() => now);
  expect(settling.order("a", "offered", [])).toBe("offered");
  settling.sayOrder("a", "acknowledged");
  settling.sayOrder("a", "support");
  expect(settling.order("a", "offered", [])).toBe("acknowledged");
  expect(settling.order("a", "offered", ["en_route", "on_scene"])).toBe("on_scene");
  expect(settling.order("a", "on_scene", [])).toBe("on_scene");
  expect(settling.order("b", "offered", [])).toBe("offered");
  expect(settling.order("a", "en_route", ["returned"])).toBe("returned");
  now = 60_000;
  expect(settling.order("a", "offered", [])).toBe("offered");
});
