/**
 * A netmap pipe: two ends with crossed rings in one region, `netmap:eth0{1` and `netmap:eth0}1`. What one end sends
 * appears in the receive ring of the other by an exchange of buffers. Nothing is lost: a full receive ring leaves the
 * slots with the sender, who is woken when the other end releases some.
 *
 * Source: netmap sys/dev/netmap/netmap_pipe.c, netmap_pipe_txsync, netmap_pipe_rxsync; exchanging whole slots is what
 * it did until 2016, later versions let the two rings name one buffer.
 */
import type { Cpu } from "../../core/stack.ts";
import type { NetmapAdapter } from "./adapter.ts";
import type { NetmapKring } from "./kring.ts";
import { NS_BUF_CHANGED, NS_MOREFRAG } from "./ring.ts";

/** Cycles of a pipe. */
export interface PipeCosts {
  /** A slot from one ring to the other. */
  readonly pipeSlot: number;
  /** Telling the other end. */
  readonly pipeNotify: number;
}

/** Crosses the rings of two adapters of one region and of equal sizes. */
export function crossPipe(a: NetmapAdapter, b: NetmapAdapter, costs: PipeCosts): void {
  if (a.mem !== b.mem) {
    throw new RangeError(`Cannot cross ${a.name} and ${b.name}: they are in two regions`);
  }
  for (const [from, to] of [[a, b], [b, a]] as const) {
    from.txRings.forEach((tx, i) => cross(tx, to.rxRings[i]!, costs));
  }
}

function cross(tx: NetmapKring, rx: NetmapKring, costs: PipeCosts): void {
  // what has been moved and is published when the sender's body is over
  let moved = rx.hwtail;
  tx.sync = (cpu) => {
    const room = rx.numSlots - 1 - rx.distance(rx.hwcur, moved);
    const n = Math.min(tx.distance(tx.hwcur, tx.rhead), room);
    let at = tx.hwcur;
    for (let i = 0; i < n; i++, at = tx.next(at), moved = rx.next(moved)) {
      if (!tx.mem.valid(tx.ring.bufIdx[at]!) || tx.ring.len[at]! > tx.mem.bufSize) {
        tx.badSlots++;
        return false;
      }
      exchange(tx, at, rx, moved);
    }
    cpu.charge(n * costs.pipeSlot);
    tx.packets += n;
    tx.hwcur = at;
    tx.hwtail = tx.prev(at);
    if (moved !== rx.hwtail) tx.publish = (cpu) => publish(cpu, rx, moved, costs);
    return true;
  };
  rx.sync = (cpu) => {
    const had = rx.hwcur;
    rx.hwcur = rx.rhead;
    if (had !== rx.hwcur) {
      cpu.charge(costs.pipeNotify);
      tx.si.wake(cpu);
    }
    return true;
  };
}

function publish(cpu: Cpu, rx: NetmapKring, tail: number, costs: PipeCosts): void {
  rx.packets += rx.distance(rx.hwtail, tail);
  rx.hwtail = tail;
  cpu.charge(costs.pipeNotify);
  rx.si.wake(cpu);
}

function exchange(tx: NetmapKring, i: number, rx: NetmapKring, j: number): void {
  const idx = rx.ring.bufIdx[j]!;
  rx.ring.bufIdx[j] = tx.ring.bufIdx[i]!;
  rx.ring.len[j] = tx.ring.len[i]!;
  rx.ring.flagsOf[j] = NS_BUF_CHANGED | (tx.ring.flagsOf[i]! & NS_MOREFRAG);
  tx.ring.bufIdx[i] = idx;
  tx.ring.flagsOf[i] = NS_BUF_CHANGED;
  rx.bytes += rx.ring.len[j]!;
  tx.bytes += rx.ring.len[j]!;
}
