/** SHA-1 (FIPS 180-4) and HMAC (RFC 2104) over it, for the authentication of ESP (RFC 2404). */

const BLOCK = 64;
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0] as const;
const w = new Int32Array(80);

function rotate(x: number, n: number): number {
  return (x << n) | (x >>> (32 - n));
}

/** One block into the state (FIPS 180-4, 6.1.2). */
function compress(h: Int32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) {
    const j = at + 4 * i;
    w[i] = bytes[j]! << 24 | bytes[j + 1]! << 16 | bytes[j + 2]! << 8 | bytes[j + 3]!;
  }
  for (let i = 16; i < 80; i++) w[i] = rotate(w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!, 1);
  let [a, b, c, d, e] = [h[0]!, h[1]!, h[2]!, h[3]!, h[4]!];
  for (let i = 0; i < 80; i++) {
    const [f, k] = i < 20
      ? [(b & c) | (~b & d), 0x5a827999]
      : i < 40
      ? [b ^ c ^ d, 0x6ed9eba1]
      : i < 60
      ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
      : [b ^ c ^ d, 0xca62c1d6];
    const next = (rotate(a, 5) + f + e + k + w[i]!) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
  }
  h[0]! += a;
  h[1]! += b;
  h[2]! += c;
  h[3]! += d;
  h[4]! += e;
}

/** HMAC-SHA1 with one key, whose two first blocks are hashed beforehand. */
export class HmacSha1 {
  readonly #inner: Int32Array;
  readonly #outer: Int32Array;
  readonly #tail = new Uint8Array(2 * BLOCK);
  /** Blocks that the last authentication took. */
  blocks = 0;

  /** A key of 64 bytes at most. */
  constructor(key: Uint8Array) {
    const pad = (byte: number): Int32Array => {
      const h = Int32Array.from(INITIAL);
      const first = new Uint8Array(BLOCK).fill(byte);
      key.forEach((k, i) => first[i]! ^= k);
      compress(h, first, 0);
      return h;
    };
    this.#inner = pad(0x36);
    this.#outer = pad(0x5c);
  }

  /** Writes the first 12 bytes of the code of `n` bytes from `at` on to `bytes[to..]` (RFC 2404). */
  sign96(bytes: Uint8Array, at: number, n: number, to: number): void {
    this.blocks = 0;
    const digest = new Uint8Array(20);
    write(this.#hash(this.#inner, bytes, at, n), digest, 0, 20);
    write(this.#hash(this.#outer, digest, 0, 20), bytes, to, 12);
  }

  /** The hash of what is behind one block. */
  #hash(start: Int32Array, bytes: Uint8Array, at: number, n: number): Int32Array {
    const h = start.slice();
    const whole = n - n % BLOCK;
    for (let i = 0; i < whole; i += BLOCK) compress(h, bytes, at + i);
    const tail = this.#tail.fill(0);
    tail.set(bytes.subarray(at + whole, at + n));
    tail[n - whole] = 0x80;
    const size = n - whole < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    const bits = (n + BLOCK) * 8;
    for (let i = 0; i < 4; i++) tail[size - 1 - i] = bits >>> (8 * i);
    for (let i = 0; i < size; i += BLOCK) compress(h, tail, i);
    this.blocks += (whole + size) / BLOCK;
    return h;
  }
}

function write(h: Int32Array, bytes: Uint8Array, at: number, n: number): void {
  for (let i = 0; i < n; i++) bytes[at + i] = h[i >> 2]! >>> (24 - 8 * (i & 3));
}
