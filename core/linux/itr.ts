/**
 * Adaptive interrupt moderation as ixgbe computes it (ixgbe_update_itr): from the packets and bytes of the
 * interval that ended, the least time until the next interrupt. Few packets: 10 us, for latency. From 24 to
 * 47: two microseconds more than now. Up to 95 the interval is right; up to 255 it is halved; above that it
 * is computed from the average size of a frame, because the interrupt is far too late.
 *
 * Source: Intel ixgbe 5.19.6, ixgbe_main.c; there too the interval stays within 10..84 us.
 */

/** Bounds of an adaptive interval, and how it grows, in microseconds. */
export const ITR_MIN_USECS = 10;
export const ITR_MAX_USECS = 84;
const ITR_INC_USECS = 2;
/** What a vector begins with: 20,000 interrupts a second. */
export const ITR_START_USECS = 50;

/** Below both of these an interval is latency driven. */
const LATENCY_PACKETS = 24;
const LATENCY_BYTES = 12_112;

/** Microseconds until the next interrupt, for one ring whose interval of `now` us brought this much. */
export function nextItr(now: number, packets: number, bytes: number): number {
  if (packets === 0) return clamp(now + ITR_INC_USECS);
  if (packets < LATENCY_PACKETS && bytes < LATENCY_BYTES) return ITR_MIN_USECS;
  if (packets < 48) return clamp(now + ITR_INC_USECS);
  if (packets < 96) return clamp(now);
  if (packets < 256) return clamp(now >> 1);
  return clamp(bulkItr(Math.floor(bytes / packets)));
}

/** 256ths of a microsecond by the average frame, in the driver's five straight lines, rounded up to 2 us. */
function bulkItr(averageBytes: number): number {
  const itr256 = averageBytes <= 60
    ? 5120
    : averageBytes <= 316
    ? averageBytes * 40 + 2720
    : averageBytes <= 1084
    ? averageBytes * 15 + 11_452
    : averageBytes < 1968
    ? averageBytes * 5 + 22_420
    : 32_256;
  return Math.ceil(itr256 / (256 * ITR_INC_USECS)) * ITR_INC_USECS;
}

function clamp(usecs: number): number {
  return usecs < ITR_MIN_USECS ? ITR_MIN_USECS : usecs > ITR_MAX_USECS ? ITR_MAX_USECS : usecs;
}
