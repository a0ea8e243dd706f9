/** An ODP instance: what `odp_init_global` and the creation calls leave behind, and all parts share. */
import type { Context } from "../../core/host/context.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { Mempool } from "../../core/memory/mempool.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { Cos } from "./classification.ts";
import { ClsWitness } from "./cls_witness.ts";
import { type OdpCosts, odpCosts } from "./costs.ts";
import { Loops } from "./loops.ts";
import type { OdpSettings } from "./options.ts";
import { PacketMeta } from "./packet.ts";
import type { Pktio } from "./pktio.ts";
import type { OdpQueue, QueueParam } from "./queue.ts";
import { GROUP } from "./prio_rings.ts";
import { Scheduler } from "./schedule.ts";
import { SchedLocal } from "./sched_local.ts";
import type { TmSystem } from "./tm_system.ts";
import { Witness } from "./witness.ts";

/** Type of a thread (odp_thread_type_t). */
export type ThreadType = "worker" | "control";

/** A thread of the instance. */
export class OdpThread {
  readonly id: number;
  readonly type: ThreadType;
  readonly local: SchedLocal;
  /** Its context, once it runs. */
  cpu: Cpu | null = null;

  constructor(id: number, type: ThreadType, local: SchedLocal) {
    this.id = id;
    this.type = type;
    this.local = local;
  }
}

/** The instance. */
export class Odp {
  readonly env: Env;
  readonly settings: OdpSettings;
  readonly costs: OdpCosts;
  readonly memory: PacketMemory;
  readonly meta: PacketMeta;
  readonly witness: Witness = new Witness();
  readonly clsWitness: ClsWitness;
  readonly loops: Loops;
  readonly scheduler: Scheduler;
  readonly pktios: Pktio[] = [];
  readonly threads: OdpThread[] = [];
  /** The interface that what is sent comes back by, or -1: it is none that routes lead to. */
  loop = -1;
  /** Classes of service. */
  readonly cos: Cos[] = [];
  /** Traffic Manager of each interface that has one. */
  readonly tm: (TmSystem | undefined)[] = [];
  /** Pools beside that of the ports. */
  readonly pools: Mempool[] = [];

  constructor(env: Env, settings: OdpSettings) {
    this.env = env;
    this.settings = settings;
    this.costs = odpCosts(env);
    this.memory = env.memory;
    this.meta = new PacketMeta(env.memory);
    this.clsWitness = new ClsWitness(env.memory);
    this.loops = new Loops(env.memory);
    this.scheduler = new Scheduler(settings, this.costs, this.witness);
  }

  /** odp_queue_create. */
  queueCreate(param: Partial<QueueParam> & { readonly name: string }): OdpQueue {
    const { queueSize, prio } = this.settings;
    const all: QueueParam = {
      prio,
      group: GROUP.all,
      size: queueSize,
      lockCount: 0,
      action: "forward",
      ...param,
    };
    return this.scheduler.create(all, this.env.place(`queue ${all.name}`, all.size));
  }

  /**
   * Starts a thread on an lcore (odp_init_local, odph_thread_create); `body` is one turn of its loop. It joins the
   * predefined groups of its type that are enabled.
   */
  threadCreate(
    lcore: number,
    body: (cpu: Cpu, thread: OdpThread) => number,
    type: ThreadType = "worker",
  ): OdpThread {
    const { prioSpread, prioSpreadWeight } = this.settings;
    const id = this.threads.length;
    const thread = new OdpThread(id, type, new SchedLocal(id, prioSpread, prioSpreadWeight));
    this.threads.push(thread);
    const cpu = this.env.spawn(lcore, "thread", (cpu) => body(cpu, thread), true);
    thread.cpu = cpu;
    this.scheduler.rings.threads.push(cpu);
    this.groupJoin(thread, GROUP.all, 0);
    this.groupJoin(thread, type === "worker" ? GROUP.worker : GROUP.control, 0);
    return thread;
  }

  /** Ends the calling thread (odp_term_local): it holds neither events nor a context any more. */
  threadExit(cpu: Cpu, thread: OdpThread): void {
    const { threads } = this.scheduler.rings;
    threads.splice(threads.indexOf(cpu), 1);
    const { nowPs } = cpu as Context;
    for (const group of thread.local.groups) this.groupLeave(thread, group, nowPs);
    cpu.sleep();
  }

  /** odp_schedule_group_join. */
  groupJoin(thread: OdpThread, group: number, ps: number): void {
    thread.local.groups.add(group);
    this.witness.joined(thread.id, group, ps);
  }

  /** odp_schedule_group_leave. */
  groupLeave(thread: OdpThread, group: number, ps: number): void {
    thread.local.groups.delete(group);
    this.witness.left(thread.id, group, ps);
  }

  /** odp_pool_create, for packets. */
  poolCreate(name: string, num: number): Mempool {
    const pool = this.env.addPool(name, num);
    this.pools.push(pool);
    return pool;
  }

  /** odp_packet_free, of a packet that goes on elsewhere: a copy has been made of it. */
  free(cpu: Cpu, b: number): void {
    const home = this.pools.find(({ first, size }) => b >= first && b < first + size);
    (home ?? this.env.pool).put(cpu.lcore, b);
  }
}
