/**
 * The four things that every driver does with a descriptor, whatever its thresholds: post an empty buffer,
 * take a received one, post a full one, take a sent one. Drivers (the poll-mode one here, a kernel's in its
 * stack) are built of these, so that the ledger learns of each change of owner.
 */
import type { Context } from "../host/context.ts";
import { freeSegment, type MbufHome } from "../memory/mbuf_share.ts";
import type { Memory } from "../memory/memory.ts";
import { LINE_BYTES } from "../memory/llc.ts";
import { LONGEST } from "./mac.ts";
import { DESCRIPTOR_BYTES, type DescriptorRing } from "./rings.ts";

/**
 * Driver: receive descriptor `slot` names an empty buffer from now on. In checked mode a buffer
 * that is free or posted already is noted as a fault.
 *
 * @example
 * ```ts
 * import { DescriptorRing, Memory, postEmpty, takeReceived } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(8);
 * const ring = new DescriptorRing(8);
 * ring.reset(8, -1);
 * postEmpty(memory, ring, 0, 5);
 * ring.done[0] = 1; // the device has filled it
 * assertEquals([takeReceived(memory, ring, 0, -1), ring.done[0]], [5, 0]);
 * ```
 */
export function postEmpty(memory: Memory, ring: DescriptorRing, slot: number, b: number): void {
  const ledger = memory.ledger;
  if (ledger !== null) ledger.post(b, ring.place);
  if (memory.host !== null) memory.host.cpuWrite(ring.addressOf(slot), DESCRIPTOR_BYTES);
  ring.buffer[slot] = b;
  ring.done[slot] = 0;
}

/**
 * Driver: what reading receive descriptor `slot`, which is done, and the first line of its frame costs a CPU where
 * the cache of the host is modelled. A driver that prefetches pays what its profile leaves of a miss.
 */
export function readReceived(
  memory: Memory,
  ring: DescriptorRing,
  slot: number,
  cpu: Context,
): void {
  const { host } = memory;
  if (host === null) return;
  const at = cpu.nowPs;
  const stall = host.cpuRead(ring.addressOf(slot), DESCRIPTOR_BYTES, at) +
    host.cpuRead(host.addressOf(ring.buffer[slot]!), LINE_BYTES, at);
  if (stall > 0) cpu.charge(Math.round(stall / cpu.home.psPerCycle));
}

/** Driver: takes the buffer of receive descriptor `slot`, which is done. */
export function takeReceived(
  memory: Memory,
  ring: DescriptorRing,
  slot: number,
  place: number,
): number {
  const b = ring.buffer[slot]!;
  ring.done[slot] = 0;
  ring.buffer[slot] = -1;
  const ledger = memory.ledger;
  if (ledger !== null) ledger.received(b, place);
  return b;
}

/**
 * Driver: transmit descriptor `slot` names a full buffer from now on; `more` says that the packet goes on in
 * the next descriptor, with the next segment.
 * @throws {RangeError} in checked mode, for a length that no frame has, or a chain of which only this is sent
 */
export function postFull(
  memory: Memory,
  ring: DescriptorRing,
  slot: number,
  b: number,
  report: boolean,
  cpu: Context,
  more = false,
): void {
  const ledger = memory.ledger;
  if (ledger !== null) {
    const length = memory.length[b]!;
    if (!(length >= 0 && length <= LONGEST)) {
      throw new RangeError(
        `Cannot send buffer ${b}: its length is ${length}, not in 0..${LONGEST}`,
      );
    }
    if (memory.next[b]! >= 0 && !more) {
      throw new RangeError(
        `Cannot send buffer ${b}: it is the first of a chain, and a descriptor takes one segment ` +
          `(mbufLinearise makes it one)`,
      );
    }
    ledger.post(b, ring.place);
    const packet = ledger.packet[b]!;
    if (packet >= 0) ledger.observation.txAt[packet] = cpu.nowPs;
  }
  ring.buffer[slot] = b;
  ring.done[slot] = 0;
  ring.reportStatus[slot] = report ? 1 : 0;
  const { host } = memory;
  if (host !== null) {
    host.cpuWrite(host.addressOf(b), LINE_BYTES);
    host.cpuWrite(ring.addressOf(slot), DESCRIPTOR_BYTES);
  }
  ring.more[slot] = more ? 1 : 0;
}

/** Driver: takes the buffer of transmit descriptor `slot` back; the device is done with it. */
export function takeSent(
  memory: Memory,
  ring: DescriptorRing,
  slot: number,
  place: number,
  cpu: Context,
): number {
  const b = ring.buffer[slot]!;
  ring.done[slot] = 0;
  ring.buffer[slot] = -1;
  const ledger = memory.ledger;
  if (ledger !== null) {
    ledger.complete(b, place);
    const packet = ledger.packet[b]!;
    if (packet >= 0) ledger.observation.doneAt[packet] = cpu.nowPs;
  }
  return b;
}

/**
 * Driver: gives every buffer that a ring still names back, done or not. The device must be done with the ring
 * (`quiet`). Packets in them end here, uncounted. Source: ixgbe_rx_queue_release_mbufs and its twin.
 */
export function releaseRing(
  memory: Memory,
  home: MbufHome,
  ring: DescriptorRing,
  place: number,
  lcore: number,
): void {
  for (let slot = 0; slot < ring.size; slot++) {
    const b = ring.buffer[slot]!;
    if (b < 0) continue;
    ring.buffer[slot] = -1;
    if (memory.ledger !== null) memory.ledger.complete(b, place);
    freeSegment(home, lcore, b);
  }
}
