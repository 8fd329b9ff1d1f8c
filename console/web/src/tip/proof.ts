// The small proof of work: an answer so that SHA-256 of `challenge:answer` begins with zero bits.
//
// SHA-256 (FIPS 180-4) stands here because browsers give theirs to encrypted pages only, and one
// call at a time. The first block of 64 octets is the same for every try and is reckoned once.

const K = new Uint32Array(64);
const START = new Uint32Array(8);
{
  // The first 32 bits of the fractional parts of roots of the first primes (FIPS 180-4, 4.2.2, 5.3.3).
  const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);
  let n = 0;
  for (let p = 2; n < 64; p += 1) {
    let prime = true;
    for (let d = 2; d * d <= p; d += 1) prime &&= p % d !== 0;
    if (!prime) continue;
    if (n < 8) START[n] = fraction(Math.sqrt(p));
    K[n] = fraction(Math.cbrt(p));
    n += 1;
  }
}

const w = new Uint32Array(64);

const turn = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** Take one block of 64 octets into the state. */
function compress(state: Uint32Array, block: Uint8Array): void {
  for (let i = 0; i < 16; i += 1) {
    const at = i * 4;
    w[i] = ((block[at]! << 24) | (block[at + 1]! << 16) | (block[at + 2]! << 8) | block[at + 3]!) >>> 0;
  }
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i += 1) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((one, i) => (state[i] = (state[i]! + one) | 0));
}

/** SHA-256 of a text of ASCII letters, as eight words. */
export function sha256(text: string): Uint32Array {
  const state = START.slice();
  const whole = text.length - (text.length % 64);
  const octets = new TextEncoder().encode(text);
  for (let at = 0; at < whole; at += 64) compress(state, octets.subarray(at, at + 64));
  finish(state, octets.subarray(whole), text.length);
  return state;
}

const last = new Uint8Array(64);

function finish(state: Uint32Array, rest: Uint8Array, length: number): void {
  last.fill(0);
  last.set(rest);
  last[rest.length] = 0x80;
  if (rest.length > 55) {
    compress(state, last);
    last.fill(0);
  }
  new DataView(last.buffer).setUint32(60, length * 8);
  compress(state, last);
}

const SLICE = 3000;

/** Search an answer; the page stays alive meanwhile. */
export async function solve(challenge: string, bits: number): Promise<string> {
  // Zeros fill the first blocks up, so that only the number itself is reckoned anew.
  const head = `${challenge}:`;
  const pad = "0".repeat((64 - (head.length % 64)) % 64);
  const state = START.slice();
  const octets = new TextEncoder().encode(head + pad);
  for (let at = 0; at < octets.length; at += 64) compress(state, octets.subarray(at, at + 64));
  const digest = new Uint32Array(8);
  for (let n = 0; ; n += 1) {
    const tail = n.toString(36);
    const rest = new TextEncoder().encode(tail);
    digest.set(state);
    finish(digest, rest, octets.length + rest.length);
    if (bits === 0 || digest[0]! >>> (32 - Math.min(bits, 32)) === 0) return pad + tail;
    if (n % SLICE === SLICE - 1) await new Promise((resolve) => setTimeout(resolve));
  }
}
