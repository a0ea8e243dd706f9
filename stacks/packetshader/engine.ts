/** Puts the parts together on a machine: cells, rings, device, chunks, workers, masters. */
import type { Context } from "../../core/host/context.ts";
import type { ProcessCosts } from "../../core/host/process.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { DeviceSide } from "../../core/nic/rings.ts";
import type { Env } from "../../core/stack.ts";
import type { App, AppFactory } from "./app.ts";
import type { Ipv4Factory } from "./app_ipv4.ts";
import { Auditor } from "./audit.ts";
import { LinearFlows, LinearRoutes, LinearRoutes6, type Oracle } from "./audit_oracle.ts";
import { PsChunk } from "./chunk.ts";
import { startShell } from "./commands.ts";
import { type PsCosts, psCosts } from "./costs.ts";
import { Gpu } from "./gpu.ts";
import { HostStack } from "./host_stack.ts";
import { HugeBuffer } from "./huge_buffer.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { Master } from "./master.ts";
import type { PsSettings } from "./options.ts";
import type { PsContext } from "./ps_context.ts";
import type { PsDriver } from "./ps_driver.ts";
import { PsRxRing, type RingParts } from "./ps_rx_ring.ts";
import { PsTxRing } from "./ps_tx_ring.ts";
import { Worker } from "./worker.ts";

/** Buffers of a worker that are no cells and not in chunks: skbs for the slow path. */
const SPARE = 8;

/** A machine's PacketShader. */
export class Engine {
  readonly env: Env;
  readonly settings: PsSettings;
  readonly layout: Layout;
  readonly driver: PsDriver;
  readonly workers: Worker[] = [];
  readonly masters: Master[] = [];
  readonly hosts: HostStack[] = [];
  readonly audit: Auditor;
  readonly #byVector: { ring: PsRxRing; context: PsContext }[] = [];

  constructor(env: Env, settings: PsSettings, factory: AppFactory, process: ProcessCosts) {
    this.env = env;
    this.settings = settings;
    const { nics } = env.hardware;
    for (const nic of nics) nic.bootQueues();
    if (settings.mbufs !== null) env.configure({ mbufs: settings.mbufs });
    const app = factory.boot(env);
    const usesGpu = settings.offload !== "cpu" && app.kernel !== null;
    this.layout = layoutOf(env.lcores, nics.length, usesGpu, settings);
    const { nodeOfPort, workers, spread } = this.layout;
    const oracle = oracleOf(env, settings);
    this.audit = new Auditor({
      memory: env.memory,
      oracle,
      nodeOfPort,
      nodeOfWorker: workers.map(({ node }) => node),
      local: settings.numa === "local",
      on: (env.memory as Memory).ledger !== null,
      faults: env.choices.deviates,
    });
    // one lcore has one queue of each port anyway
    nics.slice(0, env.lcores > 1 ? nics.length : 0).forEach(({ queues }, p) => {
      const over = spread[p]!;
      for (let i = 0; i < queues.reta.length; i++) queues.reta[i] = over[i % over.length]!;
    });
    const chunks = this.#chunks(app);
    const costs = psCosts(env);
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      this.hosts.push(new HostStack(env, costs, lcore));
    }
    this.driver = this.#bootDriver(costs);
    this.#bootMasters(app, process);
    this.#bootWorkers(app, process, chunks);
    startShell(env, settings.commands, factory as Ipv4Factory, oracle as LinearRoutes);
  }

  interrupt(cpu: Context, vector: number): void {
    const { ring, context } = this.#byVector[vector]!;
    cpu.charge(this.driver.costs.irq);
    context.interrupt(cpu, ring);
  }

  /** Packets in the workers' hands. */
  get held(): number {
    return this.workers.reduce((sum, { held }) => sum + held, 0);
  }

  /** Every worker's chunks, out of what host memory has beside cells, caches and spare buffers. */
  #chunks(app: App): PsChunk[][] {
    const { env, settings: { chunk, inFlight } } = this;
    const { workers } = this.layout;
    const { nics } = env.hardware;
    const ports = nics.length;
    const { rx, tx } = nics[0]!.queues;
    const cells = ports * (workers.length * tx[0]!.size + env.lcores * rx[0]!.size);
    const kept = cells + workers.length * SPARE + 2 * env.lcores * env.pool.cacheSize;
    const share = Math.floor((env.pool.size - kept) / workers.length);
    const slots = Math.min(chunk, Math.floor(share / inFlight));
    const buffers = new Int32Array(Math.max(0, slots) * inFlight * workers.length);
    if (slots < 1 || !env.pool.getBulk(0, buffers, 0, buffers.length)) {
      throw new RangeError(
        `Cannot boot packetshader: host memory of ${env.pool.size} buffers has no room for ${inFlight} chunks of ` +
          `each of ${workers.length} workers beside ${kept} for cells and caches`,
      );
    }
    // one piece of memory: the pool is new and hands buffers out in order, or in one order reversed
    buffers.sort();
    const words = {
      key: app.kernel?.keyWords ?? 0,
      result: app.kernel?.resultWords ?? 0,
    };
    return workers.map((_, owner) =>
      Array.from({ length: inFlight }, (_, id) => {
        const first = buffers[(owner * inFlight + id) * slots]!;
        return new PsChunk(env.memory, { owner, id, first, slots, ports }, words);
      })
    );
  }

  #bootDriver(costs: PsCosts): PsDriver {
    const { env, settings, audit, layout: { workers, nodeOfPort } } = this;
    const { nics } = env.hardware;
    const sides: DeviceSide[] = nics.map(({ queues, port }) => audit.counted(queues, port));
    const empty = () => nics.map(() => Array.from<null>({ length: env.lcores }).fill(null));
    const rx: (PsRxRing | null)[][] = empty();
    const tx: (PsTxRing | null)[][] = empty();
    const cells = (lcore: number, size: number, name: string): HugeBuffer =>
      new HugeBuffer(env.pool, lcore, size, name);
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      const place = env.place(`worker on lcore ${lcore}`, Infinity);
      const works = workers.some((worker) => worker.lcore === lcore);
      nics.forEach(({ port }) => {
        const device = sides[port]!;
        const parts: RingParts = {
          ...{ port, queue: lcore, device, memory: env.memory as Memory, costs, audit, place },
        };
        const { size } = device.rx[lcore]!;
        const name = `ring ${lcore} of nic${port}`;
        const ring = new PsRxRing(parts, cells(lcore, size, `receive ${name}`));
        // an interface goes up with all of its queues, whether anybody attaches them or not
        ring.up(this.hosts[lcore]!.softirq);
        rx[port]![lcore] = ring;
        if (!works) return;
        const sending = cells(lcore, device.tx[lcore]!.size, `transmit ${name}`);
        tx[port]![lcore] = new PsTxRing(parts, sending);
      });
    }
    const devices = nics.map(({ port }) => ({
      ifindex: port,
      name: `xge${port}`,
      numRxQueues: env.lcores,
      numTxQueues: env.lcores,
      node: nodeOfPort[port]!,
    }));
    const { sharedStatistics } = settings;
    return { devices, sides, rx, tx, attached: new Map(), costs, audit, sharedStatistics };
  }

  #bootMasters(app: App, process: ProcessCosts): void {
    const { env, settings, audit, driver: { costs } } = this;
    for (const lcore of this.layout.masters) {
      const keys = Math.max(settings.batch, settings.chunk);
      const gpu = new Gpu(env, app.kernel!, keys, settings.streams);
      gpu.load(app.table!);
      this.masters.push(new Master(env, lcore, gpu, { app, costs, process, settings, audit }));
    }
  }

  #bootWorkers(app: App, process: ProcessCosts, chunks: readonly PsChunk[][]): void {
    const { env, settings, driver, audit } = this;
    const { costs } = driver;
    this.layout.workers.forEach(({ lcore, node, queues }, id) => {
      const host = this.hosts[lcore]!;
      const master = this.masters[node] ?? null;
      const place = env.place(`chunks of worker ${id}`, Infinity);
      const worker = new Worker({
        ...{ env, id, lcore, node, app, master, driver, host, costs, process, settings, audit },
        ...{ chunks: chunks[id]!, place },
      });
      master?.workers.push(worker);
      for (const { port, queue } of queues) {
        const ring = driver.rx[port]![queue]!;
        worker.context.attachRxDevice(worker.process.cpu, port, queue);
        if (!settings.recvBlocking) continue;
        this.#byVector[env.hardware.nics[port]!.vectors[queue]!.id] = {
          ring,
          context: worker.context,
        };
      }
      this.workers.push(worker);
    });
  }
}

function oracleOf(env: Env, { app, routes6, flows }: PsSettings): Oracle | null {
  if (app === "ipv4") return new LinearRoutes(env.fib);
  if (app === "ipv6") return new LinearRoutes6(routes6);
  return app === "openflow" ? new LinearFlows(flows) : null;
}
