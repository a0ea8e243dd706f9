/**
 * Bandwidth of PCI Express in closed form: what is left of a link's rate for TLPs, and of that for the payload
 * of memory writes, reads and both at once. No time, no queue, no credit: bytes per transaction divided into a
 * rate. A model that plays the link out must come to the same figures when nothing but the link limits it.
 *
 * Holds for generations 1 to 5; generation 6 frames its TLPs in flits and has other overheads.
 *
 * Source: Neugebauer et al., "Understanding PCIe performance for end host networking", SIGCOMM 2018, section 3,
 * with the intervals of the base specification (3.0, 2.6.1.2 and 3.5.3.1).
 */

/** Generation of a link: 2.5, 5, 8, 16 or 32 GT/s. */
export type PcieGeneration = 1 | 2 | 3 | 4 | 5;

/** What the closed forms need to know of a link and of the requests on it. */
export interface PcieSetup {
  /** Generation, 1..5. */
  readonly generation: PcieGeneration;
  /** Lanes: 1, 2, 4, 8, 16 or 32. */
  readonly lanes: number;
  /** Maximum payload size in bytes: a power of two in 128..4096. */
  readonly mps: number;
  /** Maximum read request size in bytes: a power of two in 128..4096. */
  readonly mrrs: number;
  /** Width of the addresses in requests: 64 bits cost a header of four double words, 32 one of three. */
  readonly addressBits: 32 | 64;
  /** Largest payload of a completion in bytes: `mps`, or the 64 of a root complex that answers by its RCB. */
  readonly completionBytes: number;
}

/** Per lane, in GT/s, and the share of symbols that carry data: 8b/10b, then 128b/130b. */
const RATES: Readonly<Record<number, readonly [gigatransfers: number, share: number]>> = {
  1: [2.5, 8 / 10],
  2: [5, 8 / 10],
  3: [8, 128 / 130],
  4: [16, 128 / 130],
  5: [32, 128 / 130],
};
/** Symbol times from a TLP to the ACK for it in a receiver, by generation (base specification, table 3-7 on). */
const INTERNAL_DELAY: Readonly<Record<number, number>> = { 1: 19, 2: 70, 3: 115, 4: 115, 5: 115 };
/** AckFactor by width: for payload sizes up to 256 bytes, and above. */
const ACK_FACTOR: Readonly<Record<number, readonly [small: number, large: number]>> = {
  1: [1.4, 1],
  2: [1.4, 1],
  4: [1.4, 1],
  8: [2.5, 1],
  16: [3, 2],
  32: [3, 2],
};
/** Bytes that the specification adds to the payload of a TLP when it reckons how long one takes. */
const INTERVAL_TLP_OVERHEAD = 28;
/** Bytes of an ACK or UpdateFC DLLP with framing and CRC. */
const DLLP_BYTES = 8;
/** Symbols of a skip ordered set, and of the longest way from one to the next. */
const SKIP_SYMBOLS = 4;
const SKIP_EVERY = 1538;
/** Bytes around the header of a TLP: framing, sequence number, LCRC. */
const FRAMING_BYTES = 8;
const COMPLETION_HEADER_BYTES = 12;

/**
 * The rate of a link in each direction after encoding, in Gb/s. O(1).
 * @throws {RangeError} for a generation or a width that there is none of
 *
 * @example
 * ```ts
 * import { pcieRawGbps } from "@planecheck/planecheck/core";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * assertEquals(pcieRawGbps(2, 8), 32);
 * assertAlmostEquals(pcieRawGbps(3, 8), 63.015, 0.001);
 * ```
 */
export function pcieRawGbps(generation: PcieGeneration, lanes: number): number {
  checkLink("generation", generation, RATES);
  checkLink("lanes", lanes, ACK_FACTOR);
  const [gigatransfers, share] = RATES[generation]!;
  return gigatransfers * lanes * share;
}

/**
 * Symbol times from one ACK to the next when full TLPs follow each other; the interval of UpdateFC is the same.
 * O(1).
 *
 * The specification tabulates it; this is the formula that its tables come from:
 * (payload + 28) * AckFactor / lanes + internal delay, rounded down.
 *
 * @throws {RangeError} for a generation, a width or a payload size that there is none of
 *
 * @example
 * ```ts
 * import { ackIntervalSymbols } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([128, 256, 512].map((mps) => ackIntervalSymbols(3, 8, mps)), [163, 203, 182]);
 * ```
 */
export function ackIntervalSymbols(
  generation: PcieGeneration,
  lanes: number,
  mps: number,
): number {
  checkLink("generation", generation, RATES);
  checkLink("lanes", lanes, ACK_FACTOR);
  checkSize("mps", mps);
  const factor = ACK_FACTOR[lanes]![mps <= 256 ? 0 : 1];
  const tlp = ((mps + INTERVAL_TLP_OVERHEAD) * factor) / lanes;
  return Math.floor(tlp + INTERNAL_DELAY[generation]!);
}

/**
 * What is left of a link's rate for TLPs, in Gb/s each direction, after one ACK and one UpdateFC DLLP in each
 * interval and the skip ordered sets. Links that coalesce DLLPs are up to 3 % better. O(1).
 * @throws {RangeError} for a generation, a width or a payload size that there is none of
 *
 * @example
 * ```ts
 * import { pcieTlpGbps } from "@planecheck/planecheck/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(pcieTlpGbps(3, 8, 256), 57.8848, 0.00005);
 * ```
 */
export function pcieTlpGbps(generation: PcieGeneration, lanes: number, mps: number): number {
  const interval = ackIntervalSymbols(generation, lanes, mps);
  const lost = (2 * DLLP_BYTES) / interval + SKIP_SYMBOLS / SKIP_EVERY;
  return pcieRawGbps(generation, lanes) * (1 - lost);
}

/** Bytes of each kind of TLP beside its payload: framing, sequence number, header, LCRC. */
export interface TlpOverheads {
  /** Of a memory write, and of a memory read request. */
  readonly request: number;
  /** Of a completion with data. */
  readonly completion: number;
}

/**
 * Bytes of each kind of TLP beside its payload, without the optional ECRC. O(1).
 *
 * @example
 * ```ts
 * import { tlpOverheads } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(tlpOverheads(64), { request: 24, completion: 20 });
 * ```
 */
export function tlpOverheads(addressBits: 32 | 64): TlpOverheads {
  const header = addressBits === 64 ? 16 : 12;
  return { request: FRAMING_BYTES + header, completion: FRAMING_BYTES + COMPLETION_HEADER_BYTES };
}

/** Bytes that one transaction sends in each direction of the device's link. */
export interface LinkBytes {
  /** From the device to the host. */
  up: number;
  /** From the host to the device. */
  down: number;
}

/**
 * Bytes of a memory write of `bytes` by the device, all in one direction. O(1).
 * @throws {RangeError} for a link or a length that there is none of
 */
export function writeBytes(link: PcieSetup, bytes: number): LinkBytes {
  checkLinkSizes(link, bytes);
  const { request } = tlpOverheads(link.addressBits);
  return { up: bytes + Math.ceil(bytes / link.mps) * request, down: 0 };
}

/**
 * Bytes of a memory read of `bytes` by the device: requests one way, completions the other. O(1).
 * @throws {RangeError} for a link or a length that there is none of
 */
export function readBytes(link: PcieSetup, bytes: number): LinkBytes {
  checkLinkSizes(link, bytes);
  const { request, completion } = tlpOverheads(link.addressBits);
  return {
    up: Math.ceil(bytes / link.mrrs) * request,
    down: bytes + Math.ceil(bytes / link.completionBytes) * completion,
  };
}

/**
 * Payload rate of a link on which transactions of `payload` bytes, each of these costs, follow each other: what
 * the fuller direction allows, in Gb/s. O(1).
 * @throws {RangeError} for a link that there is none of
 *
 * @example
 * ```ts
 * import { payloadGbps, type PcieSetup, readBytes, writeBytes } from "@planecheck/planecheck/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const link: PcieSetup = {
 *   generation: 3, lanes: 8, mps: 256, mrrs: 512, addressBits: 64, completionBytes: 256,
 * };
 * const write = writeBytes(link, 64);
 * const read = readBytes(link, 64);
 * assertAlmostEquals(payloadGbps(link, 64, write), 42.0980, 0.00005);
 * assertAlmostEquals(payloadGbps(link, 64, read), 44.1027, 0.00005);
 * // both at once, each direction
 * assertAlmostEquals(payloadGbps(link, 64, write, read), 33.0770, 0.00005);
 * ```
 */
export function payloadGbps(
  link: PcieSetup,
  payload: number,
  ...transactions: readonly LinkBytes[]
): number {
  let up = 0;
  let down = 0;
  for (const bytes of transactions) {
    up += bytes.up;
    down += bytes.down;
  }
  const rate = pcieTlpGbps(link.generation, link.lanes, link.mps);
  return (rate * payload) / Math.max(up, down);
}

/** Credits of one class that a receiver advertises, and how long one is away. */
export interface CreditLoop {
  /** Header credits: one for each TLP. */
  readonly headers: number;
  /** Data credits of 16 bytes. */
  readonly data: number;
  /** From the moment a TLP takes its credits until the UpdateFC that returns them arrives, in ps. */
  readonly roundTripPs: number;
}

/**
 * The most payload that credits let through, in Gb/s, in TLPs of `payload` bytes: H TLPs, and 16 D bytes rounded
 * up TLP by TLP, for each round trip (base specification 3.0, 2.6.1). O(1).
 * @throws {RangeError} when a number is not positive, or the data credits do not cover one TLP
 *
 * @example
 * ```ts
 * import { creditGbps } from "@planecheck/planecheck/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * // 25 headers of 64 bytes in 300 ns carry what writes of 64 bytes make of Gen3 x8
 * assertAlmostEquals(creditGbps({ headers: 25, data: 2047, roundTripPs: 300_000 }, 64), 42.67, 0.01);
 * ```
 */
export function creditGbps(credits: CreditLoop, payload: number): number {
  const { headers, data, roundTripPs } = credits;
  const perTlp = Math.ceil(payload / 16);
  for (const [name, value] of Object.entries({ ...credits, payload })) {
    if (!(value > 0)) throw new RangeError(`Cannot bound a rate: ${name} is ${value}, not above 0`);
  }
  if (data < perTlp) {
    throw new RangeError(
      `Cannot bound a rate: ${data} data credits do not cover the ${perTlp} of one TLP`,
    );
  }
  const tlps = Math.min(headers, data / perTlp);
  return (tlps * payload * 8000) / roundTripPs;
}

function checkLink(name: string, value: number, table: Readonly<Record<number, unknown>>): void {
  if (table[value] !== undefined) return;
  throw new RangeError(
    `Cannot reckon with a link: ${name} is ${value}, not one of ${Object.keys(table).join(", ")}`,
  );
}

function checkSize(name: string, value: number, least = 128): void {
  if (value >= least && value <= 4096 && Number.isInteger(Math.log2(value))) return;
  throw new RangeError(
    `Cannot reckon with a link: ${name} is ${value}, not a power of two in ${least}..4096`,
  );
}

function checkLinkSizes(link: PcieSetup, bytes: number): void {
  checkSize("mps", link.mps);
  checkSize("mrrs", link.mrrs);
  checkSize("completionBytes", link.completionBytes, 64);
  if (!(Number.isInteger(bytes) && bytes >= 1)) {
    throw new RangeError(`Cannot reckon with ${bytes} bytes: not an integer from 1 on`);
  }
}
