import { describe, expect, it } from "vitest";
import { words } from "./words";

const topics = import.meta.glob<Record<string, object>>("./words/*.ts", { eager: true });

describe("the books of words", () => {
  it("are all bound, and name nothing twice", () => {
    const books = Object.entries(topics).filter(([path]) => !path.endsWith("/index.ts"));
    expect(books.map(([path]) => path)).toContain("./words/app.ts");
    const keys = books.flatMap(([, book]) => Object.values(book).flatMap((one) => Object.keys(one)));
    expect([...keys].sort()).toEqual(Object.keys(words).sort());
  });
});
