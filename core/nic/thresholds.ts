/**
 * When a poll-mode driver refills, reclaims and asks for write-backs: thresholds of a queue pair, and which
 * of them a ring of a given size can take.
 *
 * Source: DPDK drivers/net/intel/ixgbe/ixgbe_rxtx.c at 26.11-rc0, the checks of queue set-up.
 */

import { LONGEST } from "./mac.ts";

/** Packets that one look at the ring takes at most (RTE_PMD_IXGBE_RX_MAX_BURST). */
export const RX_MAX_BURST = 32;

/** Fewest bytes of a receive buffer: as many descriptors as the longest frame then takes are read at once. */
const ROOM_MIN = 128;

/** Thresholds of one queue pair. */
export interface Thresholds {
  /** Buffers refilled together; must divide the receive ring. */
  readonly rxFreeThresh: number;
  /** Transmit descriptors between write-backs; must divide the transmit ring. */
  readonly txRsThresh: number;
  /** Fewer free transmit descriptors than this make the driver reclaim. */
  readonly txFreeThresh: number;
  /** Bytes of a received frame that go into one buffer, a longer frame into several; all, if left out. */
  readonly segmentBytes?: number;
}

/**
 * The thresholds that DPDK defaults to (32, 32, 32), scaled down for rings too small for them. A
 * refill is never smaller than a look at the ring, as the driver's own precondition for bulk
 * allocation has it. Transmit rings need 8 descriptors or more.
 *
 * @example
 * ```ts
 * import { thresholdsFor } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(thresholdsFor(512, 512), { rxFreeThresh: 32, txRsThresh: 32, txFreeThresh: 32 });
 * assertEquals(thresholdsFor(16, 64), { rxFreeThresh: 8, txRsThresh: 16, txFreeThresh: 16 });
 * ```
 */
export function thresholdsFor(rxRing: number, txRing: number): Thresholds {
  const tx = Math.max(1, Math.min(32, txRing >> 2));
  return { rxFreeThresh: Math.min(RX_MAX_BURST, rxRing >> 1), txRsThresh: tx, txFreeThresh: tx };
}

/**
 * Refuses thresholds that do not fit rings of these sizes.
 * @throws {RangeError} naming the threshold and the ring
 */
export function checkThresholds(of: Thresholds, rxSize: number, txSize: number): void {
  const { rxFreeThresh, txRsThresh, txFreeThresh } = of;
  if (!(rxFreeThresh >= 1 && rxSize % rxFreeThresh === 0 && rxFreeThresh <= RX_MAX_BURST)) {
    throw new RangeError(
      `Cannot set up a receive queue: rx_free_thresh ${rxFreeThresh} must divide the ring of ` +
        `${rxSize} and be at most ${RX_MAX_BURST}`,
    );
  }
  const room = of.segmentBytes ?? LONGEST;
  // what a driver may hold back before it refills, a packet must not need
  if (!(Number.isInteger(room) && room * (rxSize - rxFreeThresh) >= LONGEST && room >= ROOM_MIN)) {
    throw new RangeError(
      `Cannot set up a receive queue: buffers of ${room} bytes must be ${ROOM_MIN} or more, and ` +
        `${rxSize - rxFreeThresh} of them must take a frame of ${LONGEST}`,
    );
  }
  const right = txRsThresh >= 1 && txSize % txRsThresh === 0 && txRsThresh <= txFreeThresh &&
    txFreeThresh < txSize - 3 && txRsThresh + txFreeThresh <= txSize;
  if (!right) {
    throw new RangeError(
      `Cannot set up a transmit queue: tx_rs_thresh ${txRsThresh} must divide the ring of ` +
        `${txSize} and be at most tx_free_thresh ${txFreeThresh}, which must be below ring - 3`,
    );
  }
}
