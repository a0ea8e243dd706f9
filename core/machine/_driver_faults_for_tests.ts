/**
 * Mistakes of drivers and firmware that no ordinary run shows: each takes for granted that something which usually
 * comes soon has come, so it takes a fault of the path to the device to tell. Planted as those of
 * `_faults_for_tests.ts`.
 */
import { Napi } from "../host/napi.ts";
import { Mempool } from "../memory/mempool.ts";
import type { QueuePairs } from "../nic/queue_pairs.ts";
import { key, queueOf, slotOf } from "../nic/rings.ts";
import { Credits } from "../pcie/_credits.ts";
import { latchLost, type Plant } from "./_faults_for_tests.ts";

const US = 1e6;

/** Does something whenever the queues of a NIC are set up. */
function onReset(queues: QueuePairs, does: () => void): void {
  const reset = queues.reset.bind(queues);
  queues.reset = (...args) => {
    does();
    reset(...args);
  };
}

/** Reclaim: what was announced 30 us ago counts as sent. */
export const assumesSent: Plant = ({ machine }) => {
  const { clock } = machine;
  for (const { queues } of machine.nics) {
    const txTail = queues.txTail.bind(queues);
    const rung = queues.tx.map((ring) => new Float64Array(ring.capacity));
    const from = queues.tx.map(() => 0);
    const assume = clock.register((arg) => {
      const [queue, slot] = [queueOf(arg), slotOf(arg)];
      const ring = queues.tx[queue]!;
      if (rung[queue]![slot] !== clock.now - 30 * US || ring.buffer[slot]! < 0) return;
      if (ring.reportStatus[slot] === 1) ring.done[slot] = 1;
    });
    onReset(queues, () => from.fill(0));
    queues.txTail = (cpu, queue, tail) => {
      const mask = queues.tx[queue]!.size - 1;
      for (let slot = from[queue]!; slot !== tail; slot = (slot + 1) & mask) {
        rung[queue]![slot] = cpu.nowPs;
        clock.at(cpu.nowPs + 30 * US, assume, key(queue, slot));
      }
      from[queue] = tail;
      txTail(cpu, queue, tail);
    };
  }
};

/** Doorbells: while one that is 1.5 us old has not been seen, the device is thought to be about to look. */
export const doorbellSpared: Plant = ({ machine }) => {
  for (const { queues } of machine.nics) {
    const txTail = queues.txTail.bind(queues);
    const last = queues.tx.map(() => ({ at: 0, tail: 0 }));
    onReset(queues, () => last.fill({ at: 0, tail: 0 }));
    queues.txTail = (cpu, queue, tail) => {
      const ring = queues.tx[queue]!;
      const before = last[queue]!;
      const isSeen = (ring.tail & (ring.size - 1)) === before.tail;
      if (!isSeen && cpu.nowPs - before.at > 1.5 * US) return;
      last[queue] = { at: cpu.nowPs, tail };
      txTail(cpu, queue, tail);
    };
  }
};

/** A device that latches nothing, whose driver looks once more 5 us after it has asked to unmask. */
export const looksAgainSoon: Plant = (testbed) => {
  latchLost(testbed);
  const { clock, lcores, nics } = testbed.machine;
  for (const { queues, vectors } of nics) {
    const irqEnable = queues.irqEnable.bind(queues);
    const look = clock.register((queue) => {
      const ring = queues.rx[queue]!;
      if (ring.done.indexOf(1) >= 0) lcores[queue]!.raise(vectors[queue]!.id);
    });
    queues.irqEnable = (cpu, queue) => {
      irqEnable(cpu, queue);
      clock.at(cpu.nowPs + 5 * US, look, queue);
    };
  }
};

/** An interrupt 15 us after its cause, or its unmasking, is taken for a spurious one. */
export const lateIsSpurious: Plant = ({ machine }) => {
  const { clock, lcores, nics } = machine;
  const since = new Map<number, number>();
  for (const vector of nics.flatMap((nic) => nic.vectors)) {
    for (const name of ["cause", "enable"] as const) {
      const does = vector[name].bind(vector);
      vector[name] = () => {
        since.set(vector.id, clock.now);
        does();
      };
    }
  }
  for (const lcore of lcores) {
    const raise = lcore.raise.bind(lcore);
    lcore.raise = (vector) => {
      if (clock.now - since.get(vector)! < 15 * US) raise(vector);
    };
  }
};

/** NAPI: an instance that is scheduled is scheduled again. */
export const scheduledTwice: Plant = () => {
  const { schedulePrep } = Napi.prototype;
  Napi.prototype.schedulePrep = function (this: Napi): boolean {
    this.scheduled = true;
    return true;
  };
  return () => void (Napi.prototype.schedulePrep = schedulePrep);
};

/** P2PNIC: a slot that was taken 30 us ago counts as free. */
export const slotByTime: Plant = ({ machine }) => {
  const { clock, peers } = machine;
  const reserve = peers.reserve.bind(peers);
  const last = new Map<number, { at: number; slot: number }>();
  peers.reserve = (ingress, egress) => {
    const slot = reserve(ingress, egress);
    const pair = ingress * 8 + egress;
    const before = last.get(pair);
    if (slot < 0 && before !== undefined && clock.now - before.at > 30 * US) return before.slot;
    if (slot >= 0) last.set(pair, { at: clock.now, slot });
    return slot;
  };
};

/** PCIe: credits that have not come 5 us after they are due count as lost, and are taken all the same. */
export const creditsTaken: Plant = () => {
  const { allows, settle } = Credits.prototype;
  let now = 0;
  Credits.prototype.settle = function (this: Credits, cell, at): void {
    now = at;
    settle.call(this, cell, at);
  };
  Credits.prototype.allows = function (this: Credits, cell, data): boolean {
    const next = this.nextUpdate(cell);
    return (next < Infinity && next > now + 5 * US) || allows.call(this, cell, data);
  };
  return () => Object.assign(Credits.prototype, { allows, settle });
};

/** Driver: whether a bulk of buffers was had is not looked at. */
export const refusalIgnored: Plant = () => {
  const { getBulk } = Mempool.prototype;
  Mempool.prototype.getBulk = function (this: Mempool, ...args): boolean {
    getBulk.apply(this, args);
    return true;
  };
  return () => void (Mempool.prototype.getBulk = getBulk);
};
