// A picture from the camera, made smaller and stripped of everything but what it shows.

import { takenAt, type TakenAt } from "./exif";
import { shrink } from "./shrink";

export interface Picture {
  /** A JPEG without EXIF. */
  small: Blob;
  sha256: string;
  /** Of the file as the camera made it. */
  original_sha256: string;
  taken: TakenAt;
}

/** Throws when the file is no picture this phone can read. */
export async function prepare(file: Blob): Promise<Picture> {
  const bytes = await file.arrayBuffer();
  const original_sha256 = await sha256(bytes);
  const small = await shrink(file);
  return {
    small,
    sha256: await sha256(await small.arrayBuffer()),
    original_sha256,
    taken: takenAt(bytes),
  };
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((one) => one.toString(16).padStart(2, "0")).join("");
}
