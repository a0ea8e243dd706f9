/**
 * Sizes of the transaction layer and the checks of what a caller hands in. Addresses are not modelled: every
 * buffer is taken to begin on a 4 KiB boundary, and with payload and request sizes that are powers of two up
 * to 4096 no request or write then crosses one, and no completion is shortened by the read completion
 * boundary (64 or 128 bytes, never more than the payload size).
 */
import type { CreditClass, FabricGeometry, FabricProfile } from "./fabric.ts";

/** Numbers of the three credit classes, in the order of InitFC. */
export const POSTED = 0;
export const NON_POSTED = 1;
export const COMPLETION = 2;
/** How many classes there are. */
export const CLASSES = 3;
/** Names of the classes by number. */
export const CLASS_NAMES: readonly CreditClass[] = ["posted", "non-posted", "completion"];

/** A receiver may have this many header credits outstanding without scaled flow control: half of 8 bits. */
export const HEADER_CREDITS_MAX = 127;
/** The same for data credits: half of 12 bits, less one. */
export const DATA_CREDITS_MAX = 2047;
/** One data credit stands for 16 bytes. */
export const DATA_CREDIT_SHIFT = 4;
/** Read requests that a requester may have outstanding: the extended tag field has 8 bits. */
export const TAGS = 256;
/** Sets of nodes are kept as bits of one integer. */
export const DEVICES_MAX = 30;
/** Longest single operation: byte counts are 32-bit integers. */
export const BYTES_MAX = 2 ** 30;

const PAYLOAD_MIN = 128;
const PAYLOAD_MAX = 4096;

/** Number of the link direction from a node to the switch. */
export function upLink(node: number): number {
  return 2 * node;
}

/** Number of the link direction from the switch to a node. */
export function downLink(node: number): number {
  return 2 * node + 1;
}

/** Name of a link direction, e.g. `"nic0>switch"`. */
export function linkName(link: number): string {
  const node = link >> 1;
  const name = node === 0 ? "host" : `nic${node - 1}`;
  return (link & 1) === 0 ? `${name}>switch` : `switch>${name}`;
}

/**
 * Largest payload of a completion: the payload size, down to a multiple of the read completion boundary (base
 * specification, 2.3.1.1). With aligned buffers and both of them powers of two that is the payload size.
 */
export function completionChunk(mps: number, rcbBytes: number): number {
  return mps - mps % rcbBytes;
}

/** @throws {RangeError} naming the first size that no fabric can have */
export function checkGeometry(devices: number, maxDevices: number, g: FabricGeometry): void {
  checkInteger("reset the fabric", "devices", devices, 1, maxDevices);
  checkInteger("reset the fabric", "headerCredits", g.headerCredits, 1, HEADER_CREDITS_MAX);
  checkPayload("mps", g.mps);
  checkPayload("mrrs", g.mrrs);
  // a receiver that cannot take one whole payload never lets it start
  const least = g.mps >> DATA_CREDIT_SHIFT;
  checkInteger("reset the fabric", "dataCredits", g.dataCredits, least, DATA_CREDITS_MAX);
}

/** @throws {RangeError} naming the first rate or delay that is none */
export function checkProfile(maxDevices: number, profile: FabricProfile): void {
  const verb = "make a fabric";
  checkInteger(verb, "maxDevices", maxDevices, 1, DEVICES_MAX);
  for (const name of ["deviceLinkGbps", "hostLinkGbps"] as const) {
    const rate = profile[name];
    if (!(rate > 0 && rate <= 8000)) {
      throw new RangeError(
        `Cannot ${verb}: ${name} is ${rate}, not a rate above 0 and up to 8000 Gb/s`,
      );
    }
  }
  const delays = [
    "switchPs",
    "hostWritePs",
    "hostReadPs",
    "deviceWritePs",
    "deviceReadPs",
  ] as const;
  for (const name of [...delays, "updateFcPs", "windowPs"] as const) {
    checkInteger(verb, name, profile[name], 0, 1e15);
  }
  const bytes = ["writeOverheadBytes", "readOverheadBytes", "completionOverheadBytes"] as const;
  for (const name of bytes) checkInteger(verb, name, profile[name], 1, PAYLOAD_MAX);
  if (profile.rcbBytes !== 64 && profile.rcbBytes !== 128) {
    throw new RangeError(`Cannot ${verb}: rcbBytes is ${profile.rcbBytes}, not 64 or 128`);
  }
}

/**
 * Explains why an operation may not be made.
 * @returns the error to throw; the caller has found that something is wrong
 */
export function operationError(
  verb: string,
  src: number,
  dst: number,
  bytes: number,
  devices: number,
): RangeError {
  const text = `Cannot ${verb} ${bytes} bytes, node ${src} to node ${dst}`;
  if (devices < 0) return new RangeError(`${text}: the fabric has not been reset`);
  for (const node of [src, dst]) {
    if (!(Number.isInteger(node) && node >= 0 && node <= devices)) {
      return new RangeError(`${text}: node ${node} is not in 0..${devices}`);
    }
  }
  if (src === dst) return new RangeError(`${text}: a node has no link to itself`);
  if (!(Number.isInteger(bytes) && bytes >= 1 && bytes <= BYTES_MAX)) {
    return new RangeError(`${text}: the length is not an integer in 1..${BYTES_MAX}`);
  }
  return new RangeError(`${text}: node ${src} has no room, which it has to ask for first`);
}

function checkInteger(
  verb: string,
  name: string,
  value: number,
  least: number,
  most: number,
): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(
      `Cannot ${verb}: ${name} is ${value}, not an integer in ${least}..${most}`,
    );
  }
}

function checkPayload(name: string, value: number): void {
  if (!(value >= PAYLOAD_MIN && value <= PAYLOAD_MAX && Number.isInteger(Math.log2(value)))) {
    throw new RangeError(
      `Cannot reset the fabric: ${name} is ${value}, not a power of two in ${PAYLOAD_MIN}..${PAYLOAD_MAX}`,
    );
  }
}
