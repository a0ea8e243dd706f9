/** Variant Bn: the same firmware, bounced through host memory and CPU (P2PNIC, 4). */
import { ETHERNET_HEADER_BYTES } from "../../core/packet/mod.ts";
import { rssHashIpv4 } from "../../core/packet/toeplitz.ts";
import type { Context } from "../../core/host/context.ts";
import type { HostRings } from "../../core/nic/host_rings.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { DmaTrace } from "../../core/nic/peer_dma.ts";
import { DESCRIPTOR, FETCHED, POLLED, SENT } from "../../core/nic/threads.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { Sequence } from "./sequence.ts";
import { Completions, LOOKED, Looks, type Transfer } from "./transfer.ts";

/** Packets that an lcore takes at a time (P2PNIC, 5). */
const CPU_BATCH = 8;

/** Bn: lanes are the queues of the host, one for each lcore. */
export class BounceTransfer implements Transfer {
  readonly lanes: number = 0;
  readonly #env: Env;
  readonly #rings: HostRings;
  readonly #looks: Looks;
  readonly #completions: Completions;
  /** By egress NIC and queue: frames in order, and which were asked for. */
  readonly #sequences: readonly Sequence[][];
  /** By lcore: the NIC whose ring was served last. */
  readonly #turn: Int32Array = new Int32Array(0);

  constructor(env: Env, batch: number) {
    const { nics, hostRings, peerSlots, nicBuffers } = env.hardware;
    this.#env = env;
    this.#rings = hostRings;
    this.lanes = env.lcores;
    this.#turn = new Int32Array(env.lcores);
    const contexts: Context[] = [];
    for (let q = 0; q < env.lcores; q++) {
      contexts.push(env.spawn(q, "thread", (cpu) => this.#poll(cpu as Context), true) as Context);
    }
    hostRings.boot(nics, contexts, peerSlots, nicBuffers);
    this.#looks = new Looks(env, env.lcores);
    this.#completions = new Completions(nics.length, env.lcores, batch);
    this.#sequences = nics.map(() => contexts.map(() => new Sequence()));
  }

  ringName(ingress: number, lane: number): string {
    return `desc_ring[${ingress}][queue ${lane}]`;
  }

  /** Flows are spread over the queues by their RSS hash. */
  lane(b: number, _egress: number): number {
    const { bytes, offset } = this.#env.memory;
    return rssHashIpv4(bytes, offset[b]! + ETHERNET_HEADER_BYTES) % this.lanes;
  }

  reserve(ingress: number, lane: number): number {
    return this.#rings.reserve(ingress, lane);
  }

  post(ingress: number, lane: number, egress: number, b: number, slot: number): number {
    this.#rings.writeFrame(ingress, egress, b, slot);
    return this.#rings.append(ingress, lane, slot);
  }

  pending(ingress: number, lane: number): number {
    return this.#rings.pending(ingress, lane);
  }

  flush(ingress: number, lane: number): void {
    this.#rings.flush(ingress, lane);
  }

  batches(ingress: number, lane: number): Int32Array {
    return this.#rings.batches(ingress, lane);
  }

  missing(): number {
    return 0;
  }

  trace(to: DmaTrace): void {
    this.#rings.trace = to;
  }

  /** One burst of one ring: completions first, since they are what lets frames in. */
  #poll(cpu: Context): number {
    const queue = cpu.lcore;
    const { nics } = this.#env.hardware;
    const reclaimed = this.#rings.reclaim(cpu, queue);
    let n = 0;
    let looked = 0;
    let turn = this.#turn[queue]!;
    while (n === 0 && looked++ < nics.length) {
      turn = turn + 1 < nics.length ? turn + 1 : 0;
      n = this.#rings.forward(cpu, turn, queue, CPU_BATCH);
    }
    if (n > 0) this.#turn[queue] = turn;
    this.#charge(cpu, looked, n);
    if (n > 0) this.#rings.tx.publish(cpu, queue);
    return n + reclaimed;
  }

  /** What the poll-mode driver charges for the same: it looks at rings, receives and sends. */
  #charge(cpu: Cpu, looked: number, n: number): void {
    const { cost } = this.#env;
    cpu.charge(looked * cost("pmd.rx.burst"));
    if (n === 0) return;
    cpu.charge(cost("pmd.tx.burst") + n * (cost("pmd.rx.packet") + cost("pmd.tx.packet")));
  }

  signal(nic: Nic, kind: number, arg: number): void {
    if (kind === DESCRIPTOR) this.#looks.at(nic, arg, arg);
    else if (kind === LOOKED) this.#rings.tx.poll(nic.port, arg);
    else if (kind === POLLED) this.#fetch(nic, arg);
    else if (kind === FETCHED) this.#send(nic, arg);
    else if (kind === SENT) this.#sent(nic, arg);
  }

  #fetch(nic: Nic, queue: number): void {
    const { tx } = this.#rings;
    for (let slot; (slot = tx.fetch(nic.port, queue)) >= 0;) {
      this.#completions.take(nic.port, queue);
      this.#sequences[nic.port]![queue]!.enter(slot);
    }
    this.#looks.at(nic, queue, queue);
  }

  #send(nic: Nic, slot: number): void {
    const sequence = this.#sequences[nic.port]![this.#rings.tx.queueOf(slot)]!;
    sequence.ready(slot);
    for (let head; (head = sequence.head) >= 0; sequence.leave()) nic.macOut.send(head);
  }

  #sent(nic: Nic, slot: number): void {
    const { tx } = this.#rings;
    const queue = tx.queueOf(slot);
    const waiting = tx.complete(slot);
    if (this.#completions.isDue(nic.port, queue, waiting)) tx.flushCompletions(nic.port, queue);
  }
}
