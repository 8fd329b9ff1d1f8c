// A picture made smaller on the phone; what the file says about phone and place stays behind.

const LONGEST_EDGE = 1920;
const QUALITY = 0.85;

/** A JPEG without EXIF. Throws when the file is no picture this phone can read. */
export async function shrink(file: Blob): Promise<Blob> {
  // This turns the picture upright by its EXIF, before that is gone.
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise<Blob>((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY),
  );
}
