/** What the writers of whole frames share: the link header, padding and payload. */

import { writeU16 } from "./bytes.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_VLAN, MIN_FRAME_BYTES, writeMac } from "./ethernet.ts";
import { VLAN_TAG_BYTES } from "./vlan.ts";

/** One VLAN tag of a frame to be written. */
export interface VlanTag {
  /** Tag protocol identifier; 0x8100 where it is left out. */
  readonly tpid?: number;
  /** Tag control information: see `makeTci`. */
  readonly tci: number;
}

/** What all frames have, whatever they carry. What is left out has the stated value. */
export interface LinkOptions {
  /** Destination MAC address, an integer below 2^48. */
  readonly dstMac: number;
  /** Source MAC address, an integer below 2^48. */
  readonly srcMac: number;
  /** VLAN tags, outermost first; none. */
  readonly vlan?: readonly VlanTag[];
  /** Payload of the transport header: bytes, or how many bytes of the pattern 0, 1, 2, ...; 0. */
  readonly payload?: Uint8Array | number;
  /** Whether a short frame is padded to 60 bytes; true. */
  readonly pad?: boolean;
}

/** Answers `value`; throws when it is not an integer 0..max. */
export function exact(value: number, max: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Cannot write frame: ${name} is ${value}, not 0..${max}`);
  }
  return value;
}

/** Length of a frame with `l3Bytes` behind the link header; throws when it does not fit at `off`. */
export function frameLength(
  bytes: Uint8Array,
  off: number,
  o: LinkOptions,
  l3Bytes: number,
): number {
  const whole = ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES * (o.vlan?.length ?? 0) + l3Bytes;
  const length = o.pad === false ? whole : Math.max(whole, MIN_FRAME_BYTES);
  if (!(off >= 0 && off + length <= bytes.length)) {
    throw new RangeError(
      `Cannot write frame: ${length} bytes at offset ${off} do not fit in ${bytes.length}`,
    );
  }
  return length;
}

/** Writes addresses, tags and `type`, and answers where the network header begins. */
export function writeLink(bytes: Uint8Array, off: number, o: LinkOptions, type: number): number {
  writeMac(bytes, off, exact(o.dstMac, 0xffff_ffff_ffff, "dstMac"));
  writeMac(bytes, off + 6, exact(o.srcMac, 0xffff_ffff_ffff, "srcMac"));
  let at = off + 12;
  for (const tag of o.vlan ?? []) {
    writeU16(bytes, at, exact(tag.tpid ?? ETHERTYPE_VLAN, 0xffff, "tpid"));
    writeU16(bytes, at + 2, exact(tag.tci, 0xffff, "tci"));
    at += VLAN_TAG_BYTES;
  }
  writeU16(bytes, at, type);
  return at + 2;
}

/** Bytes of the payload. */
export function payloadBytes(o: LinkOptions): number {
  const payload = o.payload ?? 0;
  return typeof payload === "number" ? exact(payload, 0xffff, "payload length") : payload.length;
}

/** Writes the payload. */
export function writePayload(bytes: Uint8Array, at: number, o: LinkOptions): void {
  const payload = o.payload ?? 0;
  if (typeof payload !== "number") bytes.set(payload, at);
  else for (let i = 0; i < payload; i++) bytes[at + i] = i;
}
