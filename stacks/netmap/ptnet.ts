/**
 * ptnet: a netmap port of the host as a device of a guest. Rings and buffers of the port are the guest's own to look
 * at; the guest's kernel synchronises them with the host by the CSB, and a loop of the host (sync-kloop) runs the
 * port's own sync. No packet is copied at the border, whatever the port is.
 *
 * Source: netmap LINUX/netmap_ptnet.c and sys/dev/netmap/netmap_kloop.c (netmap_pt_guest_txsync,
 * netmap_pt_guest_rxsync).
 */
import type { Cpu, Env } from "../../core/stack.ts";
import { NetmapAdapter } from "./adapter.ts";
import type { NetmapCosts } from "./costs.ts";
import { Csb } from "./csb.ts";
import { GuestInterrupt } from "./guest.ts";
import { Kloop } from "./kloop.ts";
import { NAF_FORCE_RECLAIM, NetmapKring } from "./kring.ts";

/** A port of a guest, and the host's loops behind it. */
export class Ptnet {
  /** What processes of the guest open. */
  readonly adapter: NetmapAdapter;
  readonly loops: Kloop[] = [];
  readonly csbs: Csb[] = [];
  readonly #env: Env;
  readonly #costs: NetmapCosts;

  /**
   * @param port the port of the host; nobody else may have it open
   * @param guest lcore of the guest
   * @param host lcore of the loops
   */
  constructor(
    env: Env,
    costs: NetmapCosts,
    port: NetmapAdapter,
    { guest, host }: { readonly guest: number; readonly host: number },
  ) {
    this.#env = env;
    this.#costs = costs;
    this.adapter = new NetmapAdapter(`ptnet of ${port.name}`, port.mem, costs);
    for (
      const [mine, theirs] of [
        [this.adapter.txRings, port.txRings],
        [this.adapter.rxRings, port.rxRings],
      ] as const
    ) {
      for (const kring of theirs) mine.push(this.#pass(kring, guest, host));
    }
  }

  #pass(of: NetmapKring, guest: number, host: number): NetmapKring {
    const { name, tx, ringId, mem, ring } = of;
    const mine = new NetmapKring(`ptnet ${name}`, tx, ringId, mem, ring);
    const csb = new Csb(of.hwtail);
    const interrupt = new GuestInterrupt(this.#env, guest, this.#costs, mine.si);
    const loop = new Kloop(this.#env, host, this.#costs, of, csb, interrupt);
    this.csbs.push(csb);
    this.loops.push(loop);
    mine.sync = (cpu, kring, flags) => {
      if (tx) this.#txsync(cpu, kring, flags, csb, loop);
      else this.#rxsync(cpu, kring, csb, loop);
      return true;
    };
    return mine;
  }

  #txsync(cpu: Cpu, kring: NetmapKring, flags: number, csb: Csb, loop: Kloop): void {
    cpu.charge(this.#costs.csb);
    const forced = (flags & NAF_FORCE_RECLAIM) !== 0;
    csb.applNeedKick = false;
    kring.hwcur = csb.hwcur;
    csb.cur = kring.rcur;
    csb.head = kring.rhead;
    const blocks = kring.rcur === kring.hwtail;
    if (((kring.rhead !== kring.hwcur || blocks) && csb.kernNeedKick) || forced) {
      csb.syncFlags = flags;
      this.#kick(cpu, csb, loop);
    }
    if (blocks || forced) read(kring, csb);
    if (kring.rcur === kring.hwtail) askAndLook(kring, csb);
  }

  #rxsync(cpu: Cpu, kring: NetmapKring, csb: Csb, loop: Kloop): void {
    cpu.charge(this.#costs.csb);
    csb.applNeedKick = false;
    read(kring, csb);
    csb.cur = kring.rcur;
    csb.head = kring.rhead;
    if (kring.rhead !== kring.hwcur && csb.kernNeedKick) this.#kick(cpu, csb, loop);
    if (kring.rcur === kring.hwtail) askAndLook(kring, csb);
  }

  /** A write to the kick register of the ring: leaves the guest. */
  #kick(cpu: Cpu, csb: Csb, loop: Kloop): void {
    csb.kicks++;
    cpu.charge(this.#costs.vmExit);
    loop.kick(cpu);
  }
}

function read(kring: NetmapKring, csb: Csb): void {
  kring.hwcur = csb.hwcur;
  kring.hwtail = csb.hwtail;
}

/** The process will sleep unless something has come meanwhile: asks for an interrupt, then looks again. */
function askAndLook(kring: NetmapKring, csb: Csb): void {
  csb.applNeedKick = true;
  read(kring, csb);
  if (kring.rcur !== kring.hwtail) csb.applNeedKick = false;
}
