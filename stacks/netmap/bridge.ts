/**
 * bridge: a process that moves packets between two ports, both ways, and looks at none of them. Between ports of one
 * region it exchanges buffers; between regions, or when told to, it copies.
 *
 * Source: netmap apps/bridge/bridge.c, rings_move, ports_move.
 */
import { Process } from "../../core/host/process.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { copyCycles } from "./copy.ts";
import type { NetmapCosts } from "./costs.ts";
import { type NetmapFd, POLLIN, POLLOUT } from "./fd.ts";
import type { NetmapKring } from "./kring.ts";
import { PollCall } from "./poll_call.ts";
import { NS_MOREFRAG, swapSlots } from "./ring.ts";

/** A bridge process. */
export class Bridge {
  readonly process: Process;
  readonly poll: PollCall;
  /** Packets moved, and how many of them were copied. */
  moved = 0;
  copied = 0;
  readonly #memory: Memory;
  readonly #costs: NetmapCosts;
  readonly #a: NetmapFd;
  readonly #b: NetmapFd;
  readonly #burst: number;
  readonly #zeroCopy: boolean;
  #working = false;
  #turn = 0;

  /** @param zeroCopy false copies always [-c] */
  constructor(
    env: Env,
    lcore: number,
    costs: NetmapCosts,
    [a, b]: readonly [NetmapFd, NetmapFd],
    burst: number,
    zeroCopy = true,
  ) {
    this.#memory = env.memory as Memory;
    this.#costs = costs;
    this.#a = a;
    this.#b = b;
    this.#burst = burst;
    this.#zeroCopy = zeroCopy;
    this.poll = new PollCall(a === b ? [a] : [a, b]);
    this.#ask();
    this.process = new Process(env, lcore, costs.process, (cpu) => this.#run(cpu));
    this.poll.by(this.process);
  }

  /** One descriptor of a poll, or one direction. */
  #run(cpu: Cpu): number {
    if (!this.#working) {
      this.#working = this.poll.step(cpu);
      return 1;
    }
    if (this.#turn === 0) this.#move(cpu, this.#a.rx, this.#b.tx);
    else this.#move(cpu, this.#b.rx, this.#a.tx);
    this.#turn = this.#turn === 0 && this.#a !== this.#b ? 1 : 0;
    if (this.#turn === 0) {
      this.#working = false;
      this.#ask();
    }
    return 1;
  }

  /** Waits for packets where there are none, else for room on the other side. */
  #ask(): void {
    const { events } = this.poll;
    const [a, b] = [0, this.#a === this.#b ? 0 : 1];
    events.fill(0);
    if (hasPackets(this.#a)) events[b]! |= POLLOUT;
    else events[a]! |= POLLIN;
    if (hasPackets(this.#b)) events[a]! |= POLLOUT;
    else events[b]! |= POLLIN;
  }

  /** Pairs the rings of one side with those of the other, as far as there are packets and room. */
  #move(cpu: Cpu, rx: readonly NetmapKring[], tx: readonly NetmapKring[]): void {
    let [from, to] = [0, 0];
    while (from < rx.length && to < tx.length) {
      const [source, target] = [rx[from]!, tx[to]!];
      if (source.ring.empty) from++;
      else if (target.ring.empty) to++;
      else if (this.#rings(cpu, source, target) === this.#burst) break;
    }
  }

  #rings(cpu: Cpu, source: NetmapKring, target: NetmapKring): number {
    const [rx, tx] = [source.ring, target.ring];
    const swap = this.#zeroCopy && source.mem === target.mem;
    const n = Math.min(rx.space, tx.space, this.#burst);
    let [i, j] = [rx.head, tx.head];
    let cycles = n * this.#costs.appSwap;
    for (let left = n; left > 0; left--, i = rx.next(i), j = tx.next(j)) {
      if (swap) swapSlots(rx, i, tx, j);
      else {
        const [from, to] = [source.mem.buffer(rx.bufIdx[i]!), target.mem.buffer(tx.bufIdx[j]!)];
        this.#memory.copy(from, to);
        tx.len[j] = rx.len[i]!;
        tx.flagsOf[j] = rx.flagsOf[i]! & NS_MOREFRAG;
        cycles += copyCycles(this.#costs, rx.len[i]!);
        this.copied++;
      }
    }
    rx.head = rx.cur = i;
    tx.head = tx.cur = j;
    this.moved += n;
    cpu.charge(cycles);
    return n;
  }
}

function hasPackets(fd: NetmapFd): boolean {
  return fd.rx.some(({ ring }) => !ring.empty);
}
