/**
 * testpmd's prompt, at which commands are given while lcores forward:
 *
 *     start                                              forwards, again
 *     stop                                               every lcore leaves its loop after the present burst
 *     port start P, port stop P, port close P            all queues of a port; forwarding must have stopped
 *     port P rxq Q start, port P rxq Q stop              one receive queue; its stream rests meanwhile
 *     port P txq Q start, port P txq Q stop              one transmit queue; streams into it must rest
 *     port config P rss reta (HASH,Q)[,(HASH,Q)]         entries of the redirection table
 *
 * It runs on the main lcore, which here is a context of lcore 0 that takes no time. A queue that is stopped is
 * waited for, 100 us at a time (RTE_IXGBE_WAIT_100_US), before its mbufs go back to the pool with those of
 * lcore 0's cache; the prompt takes no other command meanwhile. Packets that a stopped receive queue still
 * held end there, uncounted, as the driver frees them.
 *
 * Source: DPDK Testpmd Application User Guide at 26.11-rc0, Testpmd Runtime Functions.
 */
import type { Context } from "../../core/host/context.ts";
import type { PollPort } from "../../core/nic/poll_port.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { type Command, parseCommand } from "./testpmd_syntax.ts";
import type { TestpmdCommand } from "./testpmd_options.ts";
import type { Stream } from "./testpmd_report.ts";

/** Microseconds between looks at queues that are stopping. */
const WAIT_US = 100;

/** A queue that is stopping. */
interface Stopping {
  readonly port: PollPort;
  readonly queue: number;
  readonly side: "rxq" | "txq";
}

/** The prompt. */
export class Prompt {
  readonly #env: Env;
  readonly #streams: readonly Stream[];
  readonly #commands: readonly { at: number; text: string; command: Command }[];
  readonly #waitCycles: number = 0;
  #next = 0;
  #forwarding = true;
  #stopping: Stopping[] = [];
  /** Queues that are stopped, and ports that are closed. */
  readonly #stopped = new Set<string>();
  readonly #closed = new Set<number>();

  /**
   * Reads all commands at once.
   * @throws {RangeError} when one is not a command, or names a port or queue that there is not
   */
  constructor(env: Env, commands: readonly TestpmdCommand[], streams: readonly Stream[]) {
    this.#env = env;
    this.#streams = streams;
    const mhz = env.cost("mhz");
    this.#waitCycles = WAIT_US * mhz;
    this.#commands = commands.map(({ atUs, command }) => ({
      at: Math.ceil(atUs * mhz),
      text: command,
      command: parseCommand(command, env.ports.length, env.lcores),
    }));
    env.spawn(0, "thread", (cpu) => this.#run(cpu), true);
  }

  /** Does what is due, names when it is due next, and sleeps. */
  #run(cpu: Cpu): number {
    const now = cpu.tsc();
    let done = 0;
    if (this.#stopping.length > 0) {
      if (!this.#stopping.every(isQuiet)) return this.#sleep(cpu, now + this.#waitCycles, 0);
      this.#release(cpu);
      done = 1;
    }
    while (this.#stopping.length === 0 && (this.#commands[this.#next]?.at ?? Infinity) <= now) {
      const { text, command } = this.#commands[this.#next++]!;
      this.#do(cpu, text, command);
      done = 1;
    }
    const next = this.#stopping.length > 0
      ? now + this.#waitCycles
      : this.#commands[this.#next]?.at;
    return this.#sleep(cpu, next, done);
  }

  #sleep(cpu: Cpu, until: number | undefined, done: number): number {
    if (until !== undefined) cpu.wakeAt(until);
    cpu.sleep();
    return done;
  }

  #do(cpu: Cpu, text: string, command: Command): void {
    switch (command.kind) {
      case "start":
      case "stop":
        this.#forwarding = command.kind === "start";
        for (const stream of this.#streams) this.#setForwarding(cpu, stream);
        return;
      case "reta": {
        const { reta } = this.#env.hardware.nics[command.port]!.queues;
        for (const [hash, queue] of command.entries) reta[hash] = queue;
        return;
      }
      case "port":
        if (this.#forwarding) refuse(text, "forwarding has not been stopped");
        for (let queue = 0; queue < this.#env.lcores; queue++) {
          for (const side of ["rxq", "txq"] as const) {
            this.#queue(cpu, text, command.port, side, queue, command.action === "start");
          }
        }
        if (command.action === "close") this.#closed.add(command.port);
        return;
      case "queue": {
        const { port, side, queue, action } = command;
        const into = this.#streams.some((s) =>
          side === "txq" && s.txPort === port && s.queue === queue && s.forwarding
        );
        if (into) refuse(text, "a stream forwards into that queue");
        this.#queue(cpu, text, port, side, queue, action === "start");
      }
    }
  }

  /** Starts or stops one queue; what is so already stays so. */
  #queue(
    cpu: Cpu,
    text: string,
    port: number,
    side: "rxq" | "txq",
    queue: number,
    start: boolean,
  ): void {
    if (this.#closed.has(port)) refuse(text, `port ${port} is closed`);
    const key = `${port} ${side} ${queue}`;
    if (this.#stopped.has(key) !== start) return;
    const driver = this.#env.ports[port] as PollPort;
    if (!start) {
      this.#stopped.add(key);
      if (side === "rxq") driver.rxStop(cpu as Context, queue);
      this.#stopping.push({ port: driver, queue, side });
    } else {
      this.#stopped.delete(key);
      if (side === "rxq") driver.rxStart(cpu as Context, queue);
    }
    for (const stream of this.#streams) this.#setForwarding(cpu, stream);
  }

  /** A stream is taken in turn while forwarding goes on and both of its queues run. */
  #setForwarding(cpu: Cpu, stream: Stream): void {
    const { rxPort, txPort, queue } = stream;
    const before = stream.forwarding;
    stream.forwarding = this.#forwarding && !this.#stopped.has(`${rxPort} rxq ${queue}`) &&
      !this.#stopped.has(`${txPort} txq ${queue}`);
    if (stream.forwarding && !before) cpu.wake(stream.context!);
  }

  /** Gives the mbufs of stopped queues back, and what this lcore has cached of them. */
  #release(cpu: Cpu): void {
    for (const { port, queue, side } of this.#stopping) {
      if (side === "rxq") port.rxRelease(cpu as Context, queue);
      else port.txRelease(cpu as Context, queue);
    }
    this.#stopping = [];
    this.#env.pool.flush(cpu.lcore);
  }
}

function isQuiet({ port, queue, side }: Stopping): boolean {
  return side === "rxq" ? port.rxQuiet(queue) : port.txQuiet(queue);
}

function refuse(text: string, why: string): never {
  throw new RangeError(`Cannot run testpmd command "${text}": ${why}`);
}
