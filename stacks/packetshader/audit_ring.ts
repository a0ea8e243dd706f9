/** PSHADER-1, 2, 3, 6, 12: a shadow of each descriptor ring. */
import type { Context } from "../../core/host/context.ts";
import type { PacketMemory } from "../../core/memory/packet_memory.ts";
import type { DescriptorRing, DeviceSide } from "../../core/nic/rings.ts";
import type { Findings } from "./invariants.ts";
import type { PsChunk } from "./chunk.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";

/** What is remembered of one receive ring. */
interface RxShadow {
  readonly cells: Int32Array;
  next: number;
  available: number;
  tails: number;
  calls: number;
}

/** And of one transmit ring. */
interface TxShadow {
  used: number;
  tails: number;
  calls: number;
}

/** The checks of rings. */
export class RingCheck {
  readonly #findings: Findings;
  readonly #memory: PacketMemory;
  readonly #rx = new Map<DescriptorRing, RxShadow>();
  readonly #tx = new Map<DescriptorRing, TxShadow>();

  constructor(findings: Findings, memory: PacketMemory) {
    this.#findings = findings;
    this.#memory = memory;
  }

  counted(side: DeviceSide, port: number): DeviceSide {
    return {
      rx: side.rx,
      tx: side.tx,
      rxTail: (cpu: Context, queue: number, slot: number): void => {
        this.#rx.get(side.rx[queue]!)!.tails++;
        side.rxTail(cpu, queue, slot);
      },
      txTail: (cpu: Context, queue: number, slot: number): void => {
        this.#txOf(side.tx[queue]!).tails++;
        side.txTail(cpu, queue, slot);
      },
      rxStop: (): never => {
        throw new Error(`ps_ixgbe stopped a queue of nic${port}, which it never does`);
      },
      irqEnable: (cpu: Context, queue: number): void => side.irqEnable(cpu, queue),
    };
  }

  armed({ ring }: PsRxRing): void {
    const cells = ring.buffer.slice(0, ring.size);
    // the write that hands the ring over is not one for a chunk
    this.#rx.set(ring, { cells, next: 0, available: 0, tails: -1, calls: 0 });
  }

  beforeRecv({ ring }: PsRxRing): void {
    const shadow = this.#rx.get(ring)!;
    let n = 0;
    while (n < ring.size && ring.done[(shadow.next + n) % ring.size] === 1) n++;
    shadow.available = n;
  }

  received({ port, queue, ring }: PsRxRing, chunk: PsChunk, requested: number): void {
    const shadow = this.#rx.get(ring)!;
    const { cnt } = chunk;
    const { available } = shadow;
    const expected = Math.min(available, requested, chunk.slots, 4096);
    this.#findings.expect(
      "PSHADER-6",
      cnt === expected,
      () =>
        `a chunk of queue ${queue} of nic${port} has ${cnt} packets, expected ${expected}: ` +
        `${available} were there, ${requested} asked for`,
    );
    if (cnt === 0) return;
    shadow.calls++;
    this.#findings.judged("PSHADER-1");
    for (let i = 0; i < cnt; i++) {
      const slot = (shadow.next + i) % ring.size;
      const [cell, now] = [shadow.cells[slot]!, ring.buffer[slot]!];
      if (now !== cell) {
        this.#findings.breach(
          "PSHADER-1",
          `descriptor ${slot} of queue ${queue} of nic${port} names cell ${now}, expected ${cell}`,
        );
      }
      this.#copied(chunk, i, cell, slot);
    }
    shadow.next = (shadow.next + cnt) % ring.size;
  }

  /** Packet i of a chunk is what lies in the cell of its descriptor: chunks keep the order of descriptors. */
  #copied(chunk: PsChunk, i: number, cell: number, slot: number): void {
    const { bytes, offset, length } = this.#memory;
    const at = chunk.area + chunk.offset[i]!;
    const from = offset[cell]!;
    const n = length[cell]!;
    let same = chunk.length[i] === n;
    for (let j = 0; same && j < n; j++) same = bytes[at + j] === bytes[from + j];
    if (same) return;
    this.#findings.breach(
      "PSHADER-3",
      `packet ${i} of a chunk of nic${chunk.ifindex} is not what lies in the cell of descriptor ${slot}`,
    );
  }

  sent({ port, queue, ring }: PsTxRing, n: number): void {
    const shadow = this.#txOf(ring);
    shadow.calls++;
    shadow.used += n;
    this.#findings.expect(
      "PSHADER-12",
      shadow.used < ring.size,
      () =>
        `transmit ring ${queue} of nic${port} has ${shadow.used} of ${ring.size} descriptors in use`,
    );
  }

  reclaimed({ ring }: PsTxRing, n: number): void {
    this.#txOf(ring).used -= n;
  }

  close(): void {
    for (const [ring, { cells, tails, calls }] of this.#rx) {
      if (calls === 0) continue;
      this.#tails("receive", tails, calls);
      for (let slot = 0; slot < ring.size; slot++) {
        const now = ring.buffer[slot]!;
        this.#findings.expect(
          "PSHADER-1",
          now === cells[slot],
          () => `descriptor ${slot} names cell ${now} at the end, expected ${cells[slot]}`,
        );
      }
    }
    for (const { tails, calls } of this.#tx.values()) {
      if (calls > 0) this.#tails("transmit", tails, calls);
    }
  }

  #tails(what: string, tails: number, calls: number): void {
    this.#findings.expect(
      "PSHADER-2",
      tails === calls,
      () => `a ${what} tail was written ${tails} times for ${calls} chunks`,
    );
  }

  #txOf(ring: DescriptorRing): TxShadow {
    let shadow = this.#tx.get(ring);
    if (shadow === undefined) this.#tx.set(ring, shadow = { used: 0, tails: 0, calls: 0 });
    return shadow;
  }
}
