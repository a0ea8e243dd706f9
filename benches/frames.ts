/** Frames for the benchmarks. */
import { writeUdpFrame } from "../core/mod.ts";

/** UDP frames of 64 bytes to the destinations, in a row. */
export function framesTo(destinations: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(destinations.length * 64);
  destinations.forEach((dst, i) => {
    writeUdpFrame(bytes, i * 64, { dstMac: 2, srcMac: 4, src: 0x0a000001, dst, ttl: 64 });
  });
  return bytes;
}
