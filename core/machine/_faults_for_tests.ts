/**
 * Faults that can be planted in the parts of a machine: each changes one method of one part, as a mistake in
 * its source would. Those of a testbed die with it; those of a class have to be taken back.
 */
import { Context } from "../host/context.ts";
import type { DmaEngine } from "../nic/dma.ts";
import { Credits } from "../pcie/_credits.ts";
import { HOST } from "../pcie/fabric.ts";
import { REASON } from "../policy.ts";
import type { Testbed } from "./testbed.ts";

/** Plants a fault; answers how to take it back where that is needed. */
export type Plant = (testbed: Testbed) => (() => void) | void;

/** Bytes of a write-back. */
const WRITE_BACK = 16;
/** Frames are not shorter. */
const FRAME = 60;

/** Says yes every `n`-th time. */
export function every(n: number): () => boolean {
  let count = 0;
  return () => ++count % n === 0;
}

type Write = DmaEngine["write"];

/** Stands between every NIC and its DMA engine's writes. */
function onWrite(testbed: Testbed, make: (write: Write, nic: number) => Write): void {
  for (const { dma, port } of testbed.machine.nics) dma.write = make(dma.write.bind(dma), port);
}

/** NIC: the done bit goes out before the frame. */
export const doneBeforeData: Plant = (testbed) =>
  onWrite(testbed, (write) => {
    const now = every(5);
    let held: Parameters<Write> | null = null;
    return (dst, bytes, handler, arg) => {
      if (dst === HOST && bytes >= FRAME && held === null && now()) {
        held = [dst, bytes, handler, arg];
        return;
      }
      write(dst, bytes, handler, arg);
      if (bytes !== WRITE_BACK || held === null) return;
      write(...held);
      held = null;
    };
  });

/** NIC: a write-back happens twice. */
export const doneTwice: Plant = (testbed) =>
  onWrite(testbed, (write) => {
    const now = every(5);
    return (dst, bytes, handler, arg) => {
      write(dst, bytes, handler, arg);
      if (bytes === WRITE_BACK && dst === HOST && now()) write(dst, bytes, handler, arg);
    };
  });

/** NIC: a write-back does not happen. */
export const doneLost: Plant = (testbed) =>
  onWrite(testbed, (write) => {
    const now = every(11);
    return (dst, bytes, handler, arg) => {
      if (bytes === WRITE_BACK && dst === HOST && now()) return;
      write(dst, bytes, handler, arg);
    };
  });

/** Lcore: a notification is forgotten. */
export const notifyLost: Plant = () => {
  const { notify } = Context.prototype;
  const now = every(4);
  Context.prototype.notify = function (this: Context): void {
    if (!now()) notify.call(this);
  };
  return () => void (Context.prototype.notify = notify);
};

/** Vector: what comes while masked is forgotten at the unmasking. */
export const latchLost: Plant = (testbed) => {
  for (const vector of testbed.machine.nics.flatMap((nic) => nic.vectors)) {
    const cause = vector.cause.bind(vector);
    const enable = vector.enable.bind(vector);
    const reset = vector.reset.bind(vector);
    let masked = true;
    vector.reset = (...args) => {
      masked = true;
      reset(...args);
    };
    vector.cause = () => {
      if (masked) return;
      masked = true;
      cause();
    };
    vector.enable = () => {
      masked = false;
      enable();
    };
  }
};

/** Driver or fabric: a doorbell gets lost. */
export const doorbellLost: Plant = (testbed) => {
  const now = every(4);
  for (const { queues } of testbed.machine.nics) {
    const txTail = queues.txTail.bind(queues);
    queues.txTail = (...args) => {
      if (!now()) txTail(...args);
    };
  }
};

/** RSS: the redirection table changes while a flow runs. */
export const steeringChanges: Plant = (testbed) => {
  const now = every(2);
  const lcores = testbed.machine.maxima.lcores;
  for (const { macIn, queues } of testbed.machine.nics) {
    const arrive = macIn.arrive.bind(macIn);
    macIn.arrive = (...args) => {
      if (now()) queues.reta.forEach((q, i) => queues.reta[i] = (q + 1) % lcores);
      arrive(...args);
    };
  }
};

/** MAC: gives up though the ingress buffer is only half full. */
export const dropsEarly: Plant = (testbed) => {
  const { machine } = testbed;
  for (const { macIn, counters } of machine.nics) {
    const arrive = macIn.arrive.bind(macIn);
    macIn.arrive = (packet, bytes, offset, length, badFcs) => {
      const full = machine.observation.places[macIn.place]!.capacity;
      const lets = macIn.occupancy === full || macIn.occupancy * 2 < full;
      if (lets || length < FRAME || badFcs === true) {
        arrive(packet, bytes, offset, length, badFcs);
        return;
      }
      counters.rxMissed++;
      const { observation, clock } = machine;
      observation.drop(packet, REASON["rx-missed"], macIn.place, clock.now, macIn.occupancy);
    };
  }
};

/** MAC: a frame goes out twice. */
export const sentTwice: Plant = (testbed) => {
  const now = every(7);
  for (const { macOut } of testbed.machine.nics) {
    const send = macOut.send.bind(macOut);
    macOut.send = (b) => {
      send(b);
      if (now()) send(b);
    };
  }
};

/** MAC: a frame overtakes the one before it. */
export const overtakes: Plant = (testbed) => {
  for (const { macOut } of testbed.machine.nics) {
    const now = every(2);
    const send = macOut.send.bind(macOut);
    const reset = macOut.reset.bind(macOut);
    const held: number[] = [];
    macOut.reset = (...args) => {
      held.length = 0;
      reset(...args);
    };
    macOut.send = (b) => {
      if (held.length === 0 && macOut.pending > 0 && now()) {
        held.push(b);
        return;
      }
      send(b);
      for (const other of held.splice(0)) send(other);
    };
  }
};

/** DMA: the last byte of a frame stays behind. */
export const lastByteLost: Plant = (testbed) => {
  const { memory } = testbed.machine;
  const transfer = memory.transfer.bind(memory);
  memory.transfer = (from, to) => {
    const last = memory.offset[to]! + memory.length[from]! - 1;
    const before = memory.bytes[last]!;
    transfer(from, to);
    memory.bytes[last] = before;
  };
};

/** Memory: a buffer used again keeps the length of a longer frame. */
export const lengthStays: Plant = (testbed) => {
  const { memory } = testbed.machine;
  const seen = new Map<number, number>();
  const transfer = memory.transfer.bind(memory);
  const reset = memory.reset.bind(memory);
  memory.reset = () => {
    seen.clear();
    reset();
  };
  memory.transfer = (from, to) => {
    transfer(from, to);
    const length = Math.max(memory.length[to]!, seen.get(to) ?? 0);
    seen.set(to, length);
    memory.length[to] = length;
  };
};

/** PCIe: a receiver returns credits twice. */
export const creditTwice: Plant = () => {
  const { release } = Credits.prototype;
  const now = every(9);
  Credits.prototype.release = function (this: Credits, cell, data, at, time): number {
    const when = release.call(this, cell, data, at, time);
    return now() ? release.call(this, cell, data, at, time) : when;
  };
  return () => void (Credits.prototype.release = release);
};

/** P2PNIC: the descriptor goes out before the frame. */
export const descriptorBeforeFrame: Plant = (testbed) => {
  const { peers } = testbed.machine;
  const writeFrame = peers.writeFrame.bind(peers);
  const flush = peers.flush.bind(peers);
  const now = every(3);
  const held: Parameters<typeof writeFrame>[] = [];
  peers.writeFrame = (...args) => {
    if (now()) held.push(args);
    else writeFrame(...args);
  };
  peers.flush = (ingress, egress) => {
    flush(ingress, egress);
    for (const args of held.splice(0)) writeFrame(...args);
  };
};

/** P2PNIC: a completion does not reach the ingress NIC. */
export const completionLost: Plant = (testbed) => {
  const { peers } = testbed.machine;
  const flush = peers.flushCompletions.bind(peers);
  const now = every(3);
  let losing = false;
  peers.flushCompletions = (ingress, egress) => {
    losing = now();
    flush(ingress, egress);
    losing = false;
  };
  onWrite(testbed, (write) => (...args) => {
    if (!losing) write(...args);
  });
};

/** P2PNIC: without a free slot, one in use is taken. */
export const slotReused: Plant = (testbed) => {
  const { peers } = testbed.machine;
  const reserve = peers.reserve.bind(peers);
  const last = new Map<number, number>();
  peers.reserve = (ingress, egress) => {
    const slot = reserve(ingress, egress);
    if (slot < 0) return last.get(ingress * 8 + egress) ?? -1;
    last.set(ingress * 8 + egress, slot);
    return slot;
  };
};

/** P2PNIC: what is held waits for seven others. */
export const tailHeld: Plant = (testbed) => {
  const { peers } = testbed.machine;
  const flush = peers.flush.bind(peers);
  peers.flush = (ingress, egress) => {
    if (peers.pending(ingress, egress) >= 8) flush(ingress, egress);
  };
};
