// The two facts of a picture that are kept apart from it: when and where (EXIF 2.32, TIFF 6.0).

export interface TakenAt {
  /** `2026:11:22 09:30:05+08:00`, as the camera has it; empty: it does not say. */
  time: string;
  place: { lon: number; lat: number } | null;
}

const NOTHING: TakenAt = { time: "", place: null };
const EXIF_IFD = 0x8769;
const GPS_IFD = 0x8825;
const DATE_TIME_ORIGINAL = 0x9003;
const OFFSET_TIME_ORIGINAL = 0x9011;
const BYTES_OF = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8];

/** Read a JPEG's time and place; nothing when there are none or the file is odd. */
export function takenAt(jpeg: ArrayBuffer): TakenAt {
  try {
    const tiff = exifOf(new DataView(jpeg));
    if (!tiff) return NOTHING;
    const little = tiff.getUint16(0) === 0x4949;
    const first = directory(tiff, tiff.getUint32(4, little), little);
    const exif = sub(tiff, first, EXIF_IFD, little);
    const gps = sub(tiff, first, GPS_IFD, little);
    const time = text(tiff, exif.get(DATE_TIME_ORIGINAL));
    return {
      time: time && time + text(tiff, exif.get(OFFSET_TIME_ORIGINAL)),
      place: placeOf(tiff, gps, little),
    };
  } catch (error) {
    if (error instanceof RangeError) return NOTHING;
    throw error;
  }
}

interface Tag {
  at: number;
  count: number;
}

function exifOf(file: DataView): DataView | null {
  if (file.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 <= file.byteLength; at += 2 + file.getUint16(at + 2)) {
    const marker = file.getUint16(at);
    if (marker === 0xffe1 && file.getUint32(at + 4) === 0x45786966) {
      return new DataView(file.buffer, file.byteOffset + at + 10, file.getUint16(at + 2) - 8);
    }
    if (marker === 0xffda || marker >> 8 !== 0xff) return null;
  }
  return null;
}

function directory(tiff: DataView, at: number, little: boolean): Map<number, Tag> {
  const tags = new Map<number, Tag>();
  const count = tiff.getUint16(at, little);
  for (let n = 0; n < count; n++) {
    const entry = at + 2 + n * 12;
    const values = tiff.getUint32(entry + 4, little);
    const size = values * (BYTES_OF[tiff.getUint16(entry + 2, little)] ?? 1);
    const where = size > 4 ? tiff.getUint32(entry + 8, little) : entry + 8;
    tags.set(tiff.getUint16(entry, little), { at: where, count: values });
  }
  return tags;
}

function sub(tiff: DataView, tags: Map<number, Tag>, tag: number, little: boolean): Map<number, Tag> {
  const found = tags.get(tag);
  return found ? directory(tiff, tiff.getUint32(found.at, little), little) : new Map<number, Tag>();
}

function text(tiff: DataView, tag: Tag | undefined): string {
  if (!tag || tag.count > 64) return "";
  let found = "";
  for (let n = 0; n < tag.count; n++) {
    const code = tiff.getUint8(tag.at + n);
    if (code >= 0x20 && code < 0x7f) found += String.fromCharCode(code);
  }
  return found.trim();
}

function placeOf(tiff: DataView, gps: Map<number, Tag>, little: boolean): TakenAt["place"] {
  const [latitude, longitude] = [gps.get(2), gps.get(4)];
  if (latitude?.count !== 3 || longitude?.count !== 3) return null;
  const lat = degrees(tiff, latitude, little) * (text(tiff, gps.get(1)) === "S" ? -1 : 1);
  const lon = degrees(tiff, longitude, little) * (text(tiff, gps.get(3)) === "W" ? -1 : 1);
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lon, lat } : null;
}

function degrees(tiff: DataView, tag: Tag, little: boolean): number {
  const part = (n: number): number =>
    tiff.getUint32(tag.at + n * 8, little) / tiff.getUint32(tag.at + n * 8 + 4, little);
  return part(0) + part(1) / 60 + part(2) / 3600;
}
