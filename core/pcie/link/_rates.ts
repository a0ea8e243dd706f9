/**
 * Bytes and times of links. Rates and encodings: PCI Express base specification 1.1, 2.1, 3.0 to 6.0; bytes of
 * framing, headers and DLLPs as Neugebauer et al. (SIGCOMM 2018) count them; Ack latency: base specification
 * 3.0, tables 3-7 to 3-9, by the formula from which they are made.
 */
import type { Generation, PcieLink } from "./options.ts";

/** Kinds of TLPs. */
export const WRITE = 0;
export const READ = 1;
export const COMPLETION_DATA = 2;
/** A completion without data: a request that failed. */
export const COMPLETION_ERROR = 3;

/** Start, sequence number, LCRC and end (or the 4-byte start token from Gen3 on). */
const FRAMING = 8;
/** A DLLP with its framing and CRC. */
export const DLLP_BYTES = 8;
/** A flit, and how much of it is for TLPs. */
export const FLIT_BYTES = 256;
export const FLIT_TLP_BYTES = 236;

const GIGATRANSFERS: Record<Generation, number> = { 1: 2.5, 2: 5, 3: 8, 4: 16, 5: 32, 6: 64 };

/** Whether a link sends flits. */
export function isFlit(link: PcieLink): boolean {
  return link.generation === 6;
}

/** Picoseconds of one byte on all lanes, encoding included (flits: before their overhead). */
export function psPerByte(link: PcieLink): number {
  const bits = link.generation <= 2 ? 10 : link.generation <= 5 ? 8 * 130 / 128 : 8;
  return bits * 1000 / (GIGATRANSFERS[link.generation] * link.lanes);
}

/** Picoseconds of one symbol: a byte on one lane. */
function symbolPs(link: PcieLink): number {
  return (link.generation <= 2 ? 10_000 : 8000) / GIGATRANSFERS[link.generation];
}

/** Bytes of an SKP ordered set on one lane, which go out on all lanes, and its interval in ps. */
export function skp(link: PcieLink): { bytes: number; everyPs: number } {
  // 1180..1538 symbols in 8b/10b; 370..375 blocks of 16 bytes in 128b/130b
  return link.generation <= 2
    ? { bytes: 4 * link.lanes, everyPs: 1538 * symbolPs(link) }
    : { bytes: 16 * link.lanes, everyPs: Math.round(375 * 16 * symbolPs(link) * 130 / 128) };
}

/** Wire bytes of a TLP; in a flit those of its own alone. */
export function tlpBytes(
  kind: number,
  payload: number,
  addressBits: number,
  ecrc: boolean,
  flit: boolean,
): number {
  const header = kind <= READ && addressBits === 64 ? 16 : 12;
  return header + payload + (ecrc ? 4 : 0) + (flit ? 0 : FRAMING);
}

/** Bytes of payload of `bytes` from `address` on: whole words of 4 bytes, the first and last enabled in part. */
export function words(address: number, bytes: number): number {
  const head = address % 4;
  return Math.max(4, Math.ceil((head + bytes) / 4) * 4);
}

/** The specification's Ack latency in ps: (payload + 28) * factor / lanes + internal delay, in symbols. */
export function ackLatencyPs(link: PcieLink, mps: number): number {
  const factor = mps <= 256
    ? link.lanes === 16 ? 3 : link.lanes === 8 ? 2.5 : 1.4
    : link.lanes === 16
    ? 2
    : 1;
  const delay = link.generation === 1 ? 19 : link.generation === 2 ? 70 : 115;
  return Math.round((Math.floor((mps + 28) * factor / link.lanes) + delay) * symbolPs(link));
}
