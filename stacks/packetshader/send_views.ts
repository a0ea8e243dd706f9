/**
 * Sending the views of a chunk: for each port one call with the packets that go there, in pieces no longer than a
 * transmit ring can ever take. A call that is refused is made again when descriptors have come back, and holds the
 * worker up until then; with `sendRetry` off, as the samples of the I/O engine have it, what the ring has no room for
 * is dropped.
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { PsChunk } from "./chunk.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";
import type { Finisher } from "./finish.ts";

/** Sends what can be sent of a chunk's views; answers how many packets went or were given up. */
export function sendViews(cpu: Cpu, of: Finisher, chunk: PsChunk): number {
  const { driver, settings } = of.parts;
  let moved = 0;
  for (let port = 0; port < chunk.viewCount.length; port++) {
    const ring = driver.tx[port]![cpu.lcore]!;
    for (let left; (left = chunk.viewCount[port]! - chunk.viewSent[port]!) > 0;) {
      let n = send(cpu, of, chunk, port, Math.min(left, ring.most));
      if (n === 0 && !settings.sendRetry) n = sendSome(cpu, of, chunk, port, ring);
      if (n === 0) break;
      moved += n;
    }
  }
  return moved;
}

/** One call for the next `n` packets of a view. */
function send(cpu: Cpu, of: Finisher, chunk: PsChunk, port: number, n: number): number {
  const at = port * chunk.slots + chunk.viewSent[port]!;
  const sent = of.context.sendChunk(cpu, port, chunk, at, n);
  chunk.viewSent[port]! += sent;
  chunk.gone += sent;
  return sent;
}

/** After a refusal: as many as there is room for, or, when there is none, the next packet is dropped. */
function sendSome(
  cpu: Cpu,
  of: Finisher,
  chunk: PsChunk,
  port: number,
  { free, ring }: PsTxRing,
): number {
  if (free > 0) return send(cpu, of, chunk, port, free);
  const k = chunk.view[port * chunk.slots + chunk.viewSent[port]!]!;
  of.discard(cpu, chunk, k, REASON["tx-full"], ring.place, ring.size - 1);
  chunk.viewSent[port]!++;
  return 1;
}
