/** AES-128 in counter mode as ESP uses it (FIPS 197; RFC 3686): one thread encrypts one packet, block by block. */

/** x times 2 in GF(2^8). */
function double(x: number): number {
  return ((x << 1) ^ ((x & 0x80) !== 0 ? 0x1b : 0)) & 0xff;
}

/** The S-box (FIPS 197, 5.1.1): inverses in GF(2^8) by powers of 3, then the affine map. */
const SBOX: Uint8Array = (() => {
  const power = new Uint8Array(256);
  const log = new Uint8Array(256);
  for (let i = 0, x = 1; i < 255; i++, x ^= double(x)) {
    power[i] = x;
    log[x] = i;
  }
  const sbox = new Uint8Array(256);
  for (let x = 0; x < 256; x++) {
    const inverse = x === 0 ? 0 : power[(255 - log[x]!) % 255]!;
    let y = inverse;
    for (let i = 1; i < 5; i++) y ^= (inverse << i) | (inverse >>> (8 - i));
    sbox[x] = (y ^ 0x63) & 0xff;
  }
  return sbox;
})();

/** The eleven round keys of a key of 16 bytes (FIPS 197, 5.2). */
export function expandKey(key: Uint8Array): Uint8Array {
  const w = new Uint8Array(176);
  w.set(key);
  for (let i = 16, rcon = 1; i < 176; i += 4) {
    let [a, b, c, d] = [w[i - 4]!, w[i - 3]!, w[i - 2]!, w[i - 1]!];
    if (i % 16 === 0) {
      [a, b, c, d] = [SBOX[b]! ^ rcon, SBOX[c]!, SBOX[d]!, SBOX[a]!];
      rcon = double(rcon);
    }
    w[i] = w[i - 16]! ^ a;
    w[i + 1] = w[i - 15]! ^ b;
    w[i + 2] = w[i - 14]! ^ c;
    w[i + 3] = w[i - 13]! ^ d;
  }
  return w;
}

const state = new Uint8Array(16);
const shifted = new Uint8Array(16);

/** Encrypts one block in place (FIPS 197, 5.1). */
export function encryptBlock(roundKeys: Uint8Array, block: Uint8Array): void {
  for (let i = 0; i < 16; i++) state[i] = block[i]! ^ roundKeys[i]!;
  for (let round = 1; round <= 10; round++) {
    for (let i = 0; i < 16; i++) shifted[i] = SBOX[state[(i + 4 * (i & 3)) & 15]!]!;
    if (round < 10) mixColumns();
    for (let i = 0; i < 16; i++) state[i] = shifted[i]! ^ roundKeys[16 * round + i]!;
  }
  block.set(state);
}

function mixColumns(): void {
  for (let c = 0; c < 16; c += 4) {
    const [a, b, d, e] = [shifted[c]!, shifted[c + 1]!, shifted[c + 2]!, shifted[c + 3]!];
    const all = a ^ b ^ d ^ e;
    shifted[c] = a ^ all ^ double(a ^ b);
    shifted[c + 1] = b ^ all ^ double(b ^ d);
    shifted[c + 2] = d ^ all ^ double(d ^ e);
    shifted[c + 3] = e ^ all ^ double(e ^ a);
  }
}

const block = new Uint8Array(16);

/**
 * XORs `n` bytes from `at` on with the key stream of a salt and an initialisation vector; the counter begins with 1
 * (RFC 3686, 2.1 and 4). Answers the blocks that took.
 */
export function encryptCtr(
  roundKeys: Uint8Array,
  salt: number,
  iv: readonly [number, number],
  bytes: Uint8Array,
  at: number,
  n: number,
): number {
  let blocks = 0;
  for (let done = 0; done < n; done += 16) {
    const words = [salt, iv[0], iv[1], ++blocks];
    for (let i = 0; i < 16; i++) block[i] = words[i >> 2]! >>> (24 - 8 * (i & 3));
    encryptBlock(roundKeys, block);
    const end = Math.min(16, n - done);
    for (let i = 0; i < end; i++) bytes[at + done + i]! ^= block[i]!;
  }
  return blocks;
}
