/**
 * A device side that a test drives by hand: it receives and sends when told, and writes down every doorbell.
 */
import { Context, type Home } from "../host/context.ts";
import { Observation } from "../machine/observation.ts";
import { Ledger } from "../memory/ledger.ts";
import { Memory } from "../memory/memory.ts";
import { Mempool } from "../memory/mempool.ts";
import type { Costs } from "../stack.ts";
import { PollPort } from "./poll_port.ts";
import { DescriptorRing, type DeviceSide } from "./rings.ts";
import type { Thresholds } from "./thresholds.ts";

/** A context on nothing: it only counts what is charged. */
export function bareContext(): Context {
  const home: Home = { id: 0, psPerCycle: 1, deadline() {}, notify() {}, wakeFrom() {} };
  return new Context(home, 1, false, () => 0);
}

/** One queue pair. */
export class HandDevice implements DeviceSide {
  readonly rx = [new DescriptorRing(256)];
  readonly tx = [new DescriptorRing(256)];
  /** Slots that doorbells named. */
  readonly rxDoorbells: number[] = [];
  readonly txDoorbells: number[] = [];
  /** Packets sent, in order, and descriptors sent that asked for a report. */
  readonly sent: number[] = [];
  reports = 0;
  readonly #memory: Memory;
  readonly #source: number = 0;
  #next = 0;

  constructor(memory: Memory, source: number, rxSize: number, txSize: number, places: number[]) {
    this.#memory = memory;
    this.#source = source;
    this.rx[0]!.reset(rxSize, places[0]!);
    this.tx[0]!.reset(txSize, places[1]!);
  }

  rxTail(_cpu: Context, _queue: number, slot: number): void {
    this.rxDoorbells.push(slot);
    this.#handOver(this.rx[0]!, slot);
  }

  txTail(_cpu: Context, _queue: number, slot: number): void {
    this.txDoorbells.push(slot);
    this.#handOver(this.tx[0]!, slot);
  }

  /** The device reads descriptors when the doorbell comes: each has to name a posted buffer by then. */
  #handOver(ring: DescriptorRing, slot: number): void {
    const before = ring.tail;
    ring.moveTail(slot);
    for (let at = before; at !== ring.tail; at++) {
      this.#memory.ledger!.device(ring.buffer[at & (ring.size - 1)]!, ring.place);
    }
  }

  rxStop(_cpu: Context, queue: number): void {
    this.rx[queue]!.enabled = false;
  }

  irqEnable(): void {}

  /** Receive descriptors that the device has. */
  get owns(): number {
    return (this.rx[0]!.tail - this.rx[0]!.head) >>> 0;
  }

  /** Receives the next packet if it has a descriptor; answers whether it had. */
  receive(): boolean {
    const ring = this.rx[0]!;
    if (this.owns === 0) return false;
    const slot = ring.head & (ring.size - 1);
    const ledger = this.#memory.ledger!;
    ledger.enter(this.#next++, this.#source, ring.place);
    ledger.moved(this.#source, ring.buffer[slot]!);
    ring.head = (ring.head + 1) >>> 0;
    ring.done[slot] = 1;
    return true;
  }

  /** Sends the next frame if there is one; writes its descriptor back if that was asked for. */
  send(): boolean {
    const ring = this.tx[0]!;
    if (ring.tail === ring.head) return false;
    const slot = ring.head & (ring.size - 1);
    this.sent.push(this.#memory.ledger!.packet[ring.buffer[slot]!]!);
    ring.head = (ring.head + 1) >>> 0;
    if (ring.reportStatus[slot] === 1) {
      ring.done[slot] = 1;
      this.reports++;
    }
    return true;
  }
}

/** Costs of a driver that are easy to add up. */
export const COSTS: Costs = {
  "pmd.rx.burst": 1,
  "pmd.rx.packet": 10,
  "pmd.tx.burst": 100,
  "pmd.tx.packet": 1000,
};

/** A poll-mode port over a device driven by hand, started, with a pool of `buffers`. */
export function handPort(
  sizes: { rx: number; tx: number },
  thresholds: Thresholds,
  buffers: number,
  packets: number,
) {
  const observation = new Observation();
  observation.reset(packets, "coarse");
  const memory = new Memory(buffers + 1);
  const ledger = new Ledger(memory, observation, () => 0);
  memory.ledger = ledger;
  const source = memory.region("wire", 1, 1).first;
  const lcore = observation.addPlace("lcore 0");
  const places = ["receive ring", "transmit ring"].map((name) => observation.addPlace(name));
  const pool = new Mempool(memory, memory.region("mempool", 0, buffers), [lcore], 0);
  const device = new HandDevice(memory, source, sizes.rx, sizes.tx, places);
  const port = new PollPort(0, device, 1, memory, pool, thresholds, COSTS, [lcore]);
  const cpu = bareContext();
  port.start(cpu, 0);
  return { observation, memory, ledger, pool, device, port, cpu };
}
