/**
 * Frames: what travels along an arc. A frame belongs to the arc that opened it until it is dispatched, and goes back
 * to the free list of its thread afterwards.
 *
 * Source: VPP src/vlib/node.h (vlib_frame_t, VLIB_FRAME_SIZE).
 */
import type { NodeRuntime } from "./vlib_node.ts";

/** Buffers that a frame holds (VLIB_FRAME_SIZE). */
export const VLIB_FRAME_SIZE = 256;

/** Flags of a frame to ethernet-input (ETH_INPUT_FRAME_F_...). */
export const ETH_FRAME = {
  /** All buffers came in on one interface, `arg`. */
  singleSwIfIndex: 1,
  /** The NIC found every IPv4 header checksum right. */
  ip4ChecksumOk: 2,
} as const;

/** Buffer indices on their way to one node. */
export class VlibFrame {
  /** The buffers, in order. */
  readonly buffers = new Int32Array(VLIB_FRAME_SIZE);
  nVectors = 0;
  /** Bits for the node that it goes to. */
  flags = 0;
  /** Scalar argument. */
  arg = 0;
  /** Index of that node. */
  node = -1;
  /** The arc that it travels: whose frame it is, and on which next. */
  from: NodeRuntime | null = null;
  next = -1;
}
