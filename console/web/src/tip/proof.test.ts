import { expect, it } from "vitest";
import { sha256, solve } from "./proof";

const hex = (words: Uint32Array): string => [...words].map((one) => one.toString(16).padStart(8, "0")).join("");

async function digest(text: string): Promise<string> {
  const octets = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...octets].map((one) => one.toString(16).padStart(2, "0")).join("");
}

it("hashes as FIPS 180-4 has it, at every length around the blocks", async () => {
  for (const length of [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 128, 200]) {
    const text = "ab".repeat(length).slice(0, length);
    expect(hex(sha256(text)), `${length}`).toBe(await digest(text));
  }
});

it("finds an answer that proves itself", async () => {
  for (const challenge of ["c", "0123456789abcdef.12.123456789012345.ABCDEFGHIJKLMNOPQRST", "x".repeat(63)]) {
    const answer = await solve(challenge, 12);
    expect(answer.length).toBeLessThanOrEqual(80);
    expect(await digest(`${challenge}:${answer}`)).toMatch(/^000/);
  }
});
