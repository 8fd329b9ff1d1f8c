import { describe, expect, it } from "vitest";
import { en } from "./en";
import { zh } from "./zh";

describe("the books of words", () => {
  it("name every role that evidence is sealed under, in both languages", () => {
    const clips = ["clip", "before", "after"];
    const shots = ["snapshot", "snapshot_before", "snapshot_after"];
    const field = ["field_photo", "field_audio", "field_video"];
    for (const role of [...clips, ...shots, ...field, "warning_audio"]) {
      expect(zh).toHaveProperty([`part.${role}`]);
      expect(en).toHaveProperty([`part.${role}`]);
    }
  });
});
