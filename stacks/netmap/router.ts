/**
 * A router on netmap: the loop of netmap's bridge with a look-up in it. One process for each lcore, with one ring
 * pair of every port open. It waits in poll, then goes through the receive rings: each packet is checked, looked up
 * and rewritten where it lies, and the buffers of its slot and of the next free slot of the egress ring are exchanged.
 *
 * No packet is dropped for want of room: it stays at the head of its receive ring, with all behind it, until poll says
 * that the egress ring has room. So what is too much is lost by the NIC, whose ring runs full. What the router
 * refuses it leaves behind in its slot, whose buffer goes back to the device with the slot.
 *
 * Source: netmap apps/bridge/bridge.c (process_rings, main loop).
 */
import { Process } from "../../core/host/process.ts";
import { checkFrame, ETHERNET_HEADER_BYTES, ipv4Dst, rewriteFrame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import { type NetmapFd, POLLIN, POLLOUT } from "./fd.ts";
import { GenStats } from "./pkt_gen.ts";
import { PollCall } from "./poll_call.ts";
import { type NetmapRing, swapSlots } from "./ring.ts";

/** A router process. */
export class Router {
  readonly process: Process;
  readonly poll: PollCall;
  /** Packets moved, as pkt-gen would count them, and refused. */
  readonly stats: GenStats = new GenStats();
  forwarded = 0;
  refused = 0;
  /** Times that a packet had to wait for room. */
  blocked = 0;
  readonly #env: Env;
  readonly #costs: NetmapCosts;
  readonly #fds: readonly NetmapFd[];
  readonly #burst: number;
  /** Receive ring whose turn it is; -1 while in poll. */
  #turn = -1;
  #ended = false;
  /** Egress port that the packet at the head of each receive ring waits for, or -1. */
  readonly #waitsFor: Int8Array;

  /** @param fds one descriptor by port, each with one ring pair */
  constructor(
    env: Env,
    lcore: number,
    costs: NetmapCosts,
    fds: readonly NetmapFd[],
    burst: number,
  ) {
    this.#env = env;
    this.#costs = costs;
    this.#fds = fds;
    this.#burst = burst;
    this.#waitsFor = new Int8Array(fds.length).fill(-1);
    this.poll = new PollCall(fds);
    this.#ask();
    this.process = new Process(env, lcore, costs.process, (cpu) => this.#run(cpu));
    this.poll.by(this.process);
  }

  /** The process ends: it touches its rings no more. */
  exit(): void {
    this.#ended = true;
  }

  /** One descriptor of a poll, or one burst of one receive ring. */
  #run(cpu: Cpu): number {
    if (this.#ended) {
      this.process.block(cpu);
      return 1;
    }
    if (this.#turn < 0) {
      if (this.poll.step(cpu)) this.#turn = 0;
      return 1;
    }
    while (this.#turn < this.#fds.length && this.#rx(this.#turn).empty) this.#turn++;
    if (this.#turn < this.#fds.length) this.#move(cpu, this.#turn++);
    if (this.#turn === this.#fds.length) {
      this.#turn = -1;
      this.#ask();
    }
    return 1;
  }

  #rx(port: number): NetmapRing {
    return this.#fds[port]!.rx[0]!.ring;
  }

  #tx(port: number): NetmapRing {
    return this.#fds[port]!.tx[0]!.ring;
  }

  /** What poll is to wait for: packets where there are none, room where a packet wants to go. */
  #ask(): void {
    const { events } = this.poll;
    events.fill(0);
    for (let port = 0; port < this.#fds.length; port++) {
      const egress = this.#waitsFor[port]!;
      if (egress >= 0) events[egress]! |= POLLOUT;
      else events[port]! |= POLLIN;
    }
  }

  /** Moves up to a burst of packets from one receive ring to where they belong. */
  #move(cpu: Cpu, port: number): void {
    const { memory, neighbours } = this.#env;
    const { mem } = this.#fds[port]!.rx[0]!;
    const rx = this.#rx(port);
    const most = Math.min(rx.space, this.#burst);
    let slot = rx.head;
    let done = 0;
    let moved = 0;
    let bytes = 0;
    const space = rx.space;
    this.#waitsFor[port] = -1;
    for (; done < most; done++, slot = rx.next(slot)) {
      const b = mem.buffer(rx.bufIdx[slot]!);
      const nextHop = this.#lookup(cpu, b, rx.len[slot]!);
      if (nextHop < 0) continue;
      const egress = neighbours.port[nextHop]!;
      const tx = this.#tx(egress);
      if (tx.empty) {
        this.#waitsFor[port] = egress;
        this.blocked++;
        break;
      }
      rewriteFrame(memory.bytes, memory.offset[b]!, neighbours, nextHop);
      bytes += rx.len[slot]!;
      swapSlots(rx, slot, tx, tx.head);
      tx.head = tx.cur = tx.next(tx.head);
      moved++;
    }
    rx.head = rx.cur = slot;
    this.forwarded += moved;
    this.refused += done - moved;
    cpu.charge(done * this.#costs.route + moved * this.#costs.appSwap);
    if (moved > 0) this.stats.add(cpu, moved, bytes, space);
  }

  /** The next hop of a packet, or -1 when it is refused. */
  #lookup(cpu: Cpu, b: number, length: number): number {
    const { memory, fib } = this.#env;
    const at = memory.offset[b]!;
    const reason = checkFrame(memory.bytes, at, length);
    const nextHop = reason === REASON.none
      ? fib.lookup(ipv4Dst(memory.bytes, at + ETHERNET_HEADER_BYTES))
      : -1;
    if (nextHop >= 0) return nextHop;
    // the slot keeps its buffer
    this.#env.end(cpu, b, reason === REASON.none ? REASON["no-route"] : reason);
    return -1;
  }
}
