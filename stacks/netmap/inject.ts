/**
 * Sending one packet without caring for rings (nmport_inject): it goes into the first transmit ring that has room for
 * all of it, from the ring that was used last on; longer than a buffer, into several slots.
 *
 * Source: netmap libnetmap/nmport.c, nmport_inject.
 */
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { NetmapFd } from "./fd.ts";
import { NS_MOREFRAG } from "./ring.ts";

/** Copies a frame into slots of an open port; answers its length, or 0 when no ring has room. */
export function nmportInject(fd: NetmapFd, memory: PacketMemory, frame: Uint8Array): number {
  for (let n = 0; n < fd.tx.length; n++) {
    const { ring, mem } = fd.tx[(fd.curTxRing + n) % fd.tx.length]!;
    const slots = Math.max(1, Math.ceil(frame.length / mem.bufSize));
    if (slots > ring.space) continue;
    let at = ring.head;
    for (let i = 0; i < slots; i++, at = ring.next(at)) {
      const part = frame.subarray(i * mem.bufSize, (i + 1) * mem.bufSize);
      const b = mem.buffer(ring.bufIdx[at]!);
      mem.setLength(b, part.length);
      memory.bytes.set(part, memory.offset[b]!);
      ring.len[at] = part.length;
      ring.flagsOf[at] = i + 1 < slots ? NS_MOREFRAG : 0;
    }
    ring.head = ring.cur = at;
    fd.curTxRing = (fd.curTxRing + n) % fd.tx.length;
    return frame.length;
  }
  return 0;
}
