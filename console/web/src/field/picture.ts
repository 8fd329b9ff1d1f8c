// A picture from the camera, made smaller and stripped of everything but what it shows.

import { takenAt, type TakenAt } from "./exif";

const LONGEST_EDGE = 1920;
const QUALITY = 0.85;

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
  // This turns the picture upright by its EXIF, before that is gone.
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const small = await new Promise<Blob>((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY),
  );
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
