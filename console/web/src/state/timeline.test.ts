import { describe, expect, it } from "vitest";
import type { Change, IncidentFile } from "../api/types";
import { timeline } from "./timeline";

function step(state: string, second: number): Change {
  return { state, at: `2026-11-22T01:00:${String(second).padStart(2, "0")}.000Z`, actor: "system", reason: "" };
}

describe("timeline", () => {
  it("tells a step of incident and order once, with the officer, in order of time", () => {
    const file = {
      incident: {
        started: "2026-11-22T01:00:00.000Z",
        history: [step("detected", 5), step("dispatched", 6), step("acknowledged", 20)],
      },
      announcements: [],
      evidence: [],
      orders: [
        { officer: "officer-1", history: [step("offered", 6), step("expired", 12)] },
        { officer: "officer-2", history: [step("offered", 12), step("acknowledged", 19)] },
      ],
    } as unknown as IncidentFile;
    const told = timeline(file).map((one) =>
      one.type === "state"
        ? `${one.change.state} ${one.officer ?? ""}`.trim()
        : one.type === "order"
          ? `${one.order.officer} ${one.change.state}`
          : one.type,
    );
    expect(told).toEqual([
      "started",
      "detected",
      "dispatched officer-1",
      "officer-1 expired",
      "officer-2 offered",
      "acknowledged officer-2",
    ]);
  });
});
