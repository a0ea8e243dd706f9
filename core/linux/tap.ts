/**
 * A capture on all ports (tcpdump -i any): a packet socket of ETH_P_ALL, which sees every frame that a driver hands
 * up and every one that is handed to a driver. Each is cloned and its bytes copied into the socket's ring, in the
 * softirq that carries it; a process copies them out. What finds the ring full is not seen, and counted.
 *
 * Source: Linux net/packet/af_packet.c (tpacket_rcv), net/core/dev.c (dev_queue_xmit_nit).
 */
import type { Cpu, Env } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";

/** Frames that the ring holds: 2 MiB, tcpdump's buffer, in slots of 2 KiB. */
export const TAP_SLOTS = 1024;
/** Frames that the process copies out before others get their turn. */
const TURN = 64;

/** Sees every frame that passes a port (packet_type of ETH_P_ALL); changes neither frame nor skb. */
export interface PacketType {
  /** A driver hands `skb` up (`rx`), or has taken it (`tx`). */
  see(cpu: Cpu, skb: number, port: number, way: "rx" | "tx"): void;
}

/** The socket of one lcore, and the process that reads it. */
export class Tap implements PacketType {
  /** As tcpdump has them: captured, received by filter, dropped by kernel. */
  captured = 0;
  received = 0;
  dropped = 0;
  /** Of those received: handed up by, and handed to, each port. */
  readonly rx: number[] = [];
  readonly tx: number[] = [];
  readonly #costs: LinuxCosts;
  readonly #process: Cpu;
  #waiting = 0;

  /** Starts the process on an lcore. */
  constructor(env: Env, lcore: number, costs: LinuxCosts) {
    this.#costs = costs;
    for (const { port } of env.hardware.nics) this.rx[port] = this.tx[port] = 0;
    this.#process = env.spawn(lcore, "thread", (cpu) => this.#read(cpu));
  }

  see(cpu: Cpu, _skb: number, port: number, way: "rx" | "tx"): void {
    const { skbAlloc, skbFree, tapCopy } = this.#costs;
    this.received++;
    this[way][port]!++;
    if (this.#waiting === TAP_SLOTS) {
      this.dropped++;
      return;
    }
    cpu.charge(skbAlloc + tapCopy + skbFree);
    this.#waiting++;
    cpu.wake(this.#process);
  }

  #read(cpu: Cpu): number {
    const n = Math.min(this.#waiting, TURN);
    this.#waiting -= n;
    this.captured += n;
    cpu.charge(n * this.#costs.tapCopy);
    if (this.#waiting === 0) cpu.sleep();
    return Math.max(1, n);
  }
}
