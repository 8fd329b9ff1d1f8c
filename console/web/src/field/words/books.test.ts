import { expect, it } from "vitest";
import { en } from "./en";
import { zh } from "./zh";

it("say the same number of quick phrases in both languages", () => {
  for (const did of ["handled", "returned", "support"] as const) {
    const count = zh[`quick.${did}`].split("|").length;
    expect(en[`quick.${did}`].split("|")).toHaveLength(count);
  }
});

it("name the same blanks in both languages", () => {
  for (const [key, words] of Object.entries(zh)) {
    const blanks = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    expect(blanks(en[key as keyof typeof en]), key).toEqual(blanks(words));
  }
});
