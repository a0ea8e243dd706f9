/**
 * PCIe bandwidth of three kinds of NIC in closed form: what a packet costs on the device's link when descriptors,
 * doorbells, interrupts and register reads are counted too, and which packet rate the link then allows.
 *
 * Descriptors are 16 bytes, registers and messages 4. `simple`: everything happens for each packet. `kernel`: an
 * Intel 82599 and its Linux driver: 40 transmit descriptors are read together, 8 written back together, 32 free
 * buffers posted together, an interrupt for 32 packets, the transmit tail written and the transmit head read for
 * each packet, the receive head for 8. `dpdk`: the same device polled: transmit tails for 32 packets, no
 * interrupts, no head is read.
 *
 * Source: Neugebauer et al., SIGCOMM 2018, section 3 and figure 1, and the program published with it
 * (pcie-bench/pcie-model). That program loses the request of the receive descriptor's read: it assigns where it
 * should add. `published` repeats this, so that the paper's curves come out; `corrected` counts the request.
 */
import {
  type LinkBytes,
  payloadGbps,
  type PcieSetup,
  readBytes,
  tlpOverheads,
  writeBytes,
} from "./bandwidth.ts";

/** Kind of NIC and driver. */
export type NicKind = "simple" | "kernel" | "dpdk";
/** With the published program's slip, or without. */
export type NicModel = "published" | "corrected";
/** What the NIC does: send, receive, or both at the same rate. */
export type NicDirection = "tx" | "rx" | "both";

const DESCRIPTOR = 16;
const REGISTER = 4;

/** For how many packets something is done once; Infinity where it is not done. */
interface Batches {
  /** Transmit: tail written, descriptors read, descriptors written back, head read. */
  readonly txTail: number;
  readonly txFetch: number;
  readonly txWriteBack: number;
  readonly txHead: number;
  /** Receive: tail written, head read. Descriptors are read and written back one by one. */
  readonly rxTail: number;
  readonly rxHead: number;
  /** Interrupts, in each direction. */
  readonly interrupt: number;
}

const BATCHES: Readonly<Record<NicKind, Batches>> = {
  simple: {
    txTail: 1,
    txFetch: 1,
    txWriteBack: Infinity,
    txHead: 1,
    rxTail: 1,
    rxHead: 1,
    interrupt: 1,
  },
  kernel: {
    txTail: 1,
    txFetch: 40,
    txWriteBack: 8,
    txHead: 1,
    rxTail: 32,
    rxHead: 8,
    interrupt: 32,
  },
  dpdk: {
    txTail: 32,
    txFetch: 40,
    txWriteBack: 8,
    txHead: Infinity,
    rxTail: 32,
    rxHead: Infinity,
    interrupt: Infinity,
  },
};

/** Adds a transaction that is made once for `packets` packets. */
function add(sum: LinkBytes, bytes: LinkBytes, packets = 1): void {
  if (packets === Infinity) return;
  sum.up += bytes.up / packets;
  sum.down += bytes.down / packets;
}

/** The host writes a register. */
function registerWrite(link: PcieSetup): LinkBytes {
  return { up: 0, down: REGISTER + tlpOverheads(link.addressBits).request };
}

/** The host reads a register. */
function registerRead(link: PcieSetup): LinkBytes {
  const { request, completion } = tlpOverheads(link.addressBits);
  return { up: REGISTER + completion, down: request };
}

function transmit(kind: NicKind, link: PcieSetup, bytes: number): LinkBytes {
  const batches = BATCHES[kind];
  const { txFetch, txWriteBack } = batches;
  const sum = readBytes(link, bytes);
  add(sum, registerWrite(link), batches.txTail);
  add(sum, readBytes(link, txFetch * DESCRIPTOR), txFetch);
  if (txWriteBack !== Infinity) add(sum, writeBytes(link, txWriteBack * DESCRIPTOR), txWriteBack);
  add(sum, writeBytes(link, REGISTER), batches.interrupt);
  add(sum, registerRead(link), batches.txHead);
  return sum;
}

function receive(kind: NicKind, model: NicModel, link: PcieSetup, bytes: number): LinkBytes {
  const batches = BATCHES[kind];
  const sum = writeBytes(link, bytes);
  const descriptor = readBytes(link, DESCRIPTOR);
  if (model === "published") descriptor.up = 0;
  add(sum, descriptor);
  add(sum, writeBytes(link, DESCRIPTOR));
  add(sum, registerWrite(link), batches.rxTail);
  add(sum, writeBytes(link, REGISTER), batches.interrupt);
  add(sum, registerRead(link), batches.rxHead);
  return sum;
}

/**
 * Bytes that a packet of `bytes` bytes (without FCS) costs on the device's link. O(1).
 * @throws {RangeError} for a link or a length that there is none of
 *
 * @example
 * ```ts
 * import { nicBytes, type PcieSetup } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const link: PcieSetup = {
 *   generation: 3, lanes: 8, mps: 256, mrrs: 512, addressBits: 64, completionBytes: 256,
 * };
 * // payload 84, descriptor written back 40, its read 24; doorbell 28 / 32, completion 36
 * assertEquals(nicBytes("dpdk", "corrected", "rx", link, 60), { up: 148, down: 36.875 });
 * assertEquals(nicBytes("dpdk", "published", "rx", link, 60), { up: 124, down: 36.875 });
 * ```
 */
export function nicBytes(
  kind: NicKind,
  model: NicModel,
  direction: NicDirection,
  link: PcieSetup,
  bytes: number,
): LinkBytes {
  const sum: LinkBytes = { up: 0, down: 0 };
  if (direction !== "rx") add(sum, transmit(kind, link, bytes));
  if (direction !== "tx") add(sum, receive(kind, model, link, bytes));
  return sum;
}

/**
 * The rate of payload, in Gb/s, that a NIC's link allows with packets of `bytes` bytes (without FCS); for
 * `both`, each way. O(1).
 * @throws {RangeError} for a link or a length that there is none of
 *
 * @example
 * ```ts
 * import { nicGbps, type PcieSetup } from "@planecheck/planecheck/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const link: PcieSetup = {
 *   generation: 3, lanes: 8, mps: 256, mrrs: 512, addressBits: 64, completionBytes: 256,
 * };
 * assertAlmostEquals(nicGbps("dpdk", "published", "both", link, 60), 20.6485, 0.00005);
 * assertAlmostEquals(nicGbps("dpdk", "corrected", "both", link, 60), 18.0702, 0.00005);
 * ```
 */
export function nicGbps(
  kind: NicKind,
  model: NicModel,
  direction: NicDirection,
  link: PcieSetup,
  bytes: number,
): number {
  return payloadGbps(link, bytes, nicBytes(kind, model, direction, link, bytes));
}
