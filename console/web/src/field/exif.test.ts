import { describe, expect, it } from "vitest";
import { takenAt } from "./exif";

/** A JPEG with nothing but an EXIF segment: two directories behind the first. */
function jpeg(little: boolean): ArrayBuffer {
  const tiff = new DataView(new ArrayBuffer(220));
  const u16 = (at: number, value: number): void => tiff.setUint16(at, value, little);
  const u32 = (at: number, value: number): void => tiff.setUint32(at, value, little);
  const ascii = (at: number, words: string): void =>
    [...words].forEach((one, n) => tiff.setUint8(at + n, one.charCodeAt(0)));
  const tag = (at: number, id: number, type: number, count: number, value: number): void => {
    u16(at, id);
    u16(at + 2, type);
    u32(at + 4, count);
    u32(at + 8, value);
  };
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  u16(2, 42);
  u32(4, 8);
  u16(8, 2);
  tag(10, 0x8769, 4, 1, 40);
  tag(22, 0x8825, 4, 1, 100);
  u16(40, 2);
  tag(42, 0x9003, 2, 20, 70);
  tag(54, 0x9011, 2, 7, 90);
  ascii(70, "2026:11:22 09:30:05");
  ascii(90, "+08:00");
  u16(100, 4);
  tag(102, 1, 2, 2, 0);
  ascii(110, "N");
  tag(114, 2, 5, 3, 160);
  tag(126, 3, 2, 2, 0);
  ascii(134, "W");
  tag(138, 4, 5, 3, 184);
  [30, 1, 25, 1, 1200, 100, 112, 1, 27, 1, 0, 1].forEach((one, n) => u32(160 + n * 4, one));
  const file = new Uint8Array(2 + 2 + 2 + 6 + tiff.byteLength + 2);
  const size = 2 + 6 + tiff.byteLength;
  file.set([0xff, 0xd8, 0xff, 0xe1, size >> 8, size & 0xff, 0x45, 0x78, 0x69, 0x66, 0, 0]);
  file.set(new Uint8Array(tiff.buffer), 12);
  file.set([0xff, 0xd9], file.length - 2);
  return file.buffer;
}

describe("what is kept of EXIF", () => {
  it.each([true, false])("is time and place (little endian: %s)", (little) => {
    const found = takenAt(jpeg(little));
    expect(found.time).toBe("2026:11:22 09:30:05+08:00");
    expect(found.place?.lat).toBeCloseTo(30 + 25 / 60 + 12 / 3600, 9);
    expect(found.place?.lon).toBeCloseTo(-(112 + 27 / 60), 9);
  });

  it("is nothing where there is none or where it is broken off", () => {
    const whole = new Uint8Array(jpeg(true));
    for (let length = 0; length < whole.length; length++) {
      expect(() => takenAt(whole.slice(0, length).buffer)).not.toThrow();
    }
    expect(takenAt(new Uint8Array([0x89, 0x50, 0x4e, 0x47]).buffer)).toEqual({ time: "", place: null });
  });

  it("does not lead astray by wild offsets", () => {
    let x = 7;
    for (let n = 0; n < 300; n++) {
      const file = new Uint8Array(jpeg(n % 2 === 0));
      for (let k = 0; k < 4; k++) {
        x = (x * 1103515245 + 12345) % 2147483648;
        file[12 + (x % 220)] = x >> 8;
      }
      expect(() => takenAt(file.buffer)).not.toThrow();
    }
  });
});
