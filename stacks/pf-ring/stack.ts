/**
 * Vanilla PF_RING: a Linux kernel, whose driver hands up skbs as ever, the module that copies each packet into the
 * rings of sockets, and applications that read them there.
 */
import { processCosts } from "../../core/host/process.ts";
import { Kernel, KERNEL_DEFAULTS } from "../../core/linux/kernel.ts";
import { KernelFib } from "../../core/linux/kernel_fib.ts";
import type { Policy } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { STRICT } from "../../core/stack.ts";
import { PfRingProcess } from "./apps.ts";
import { SlotAudit } from "./audit.ts";
import type { ClusterType } from "./cluster_hash.ts";
import { VANILLA_INVARIANTS } from "./invariants.ts";
import { startEvents } from "./events.ts";
import { CopiedSkbs, kernelEnv } from "./kernel_env.ts";
import { type ModuleCosts, moduleCosts } from "./module_costs.ts";
import type { PfRingOptions } from "./options.ts";
import { type PfRingSettings, settingsOf } from "./settings.ts";
import { PfRing } from "./pfring.ts";
import { PfRingModule } from "./pf_ring_module.ts";
import { pfRingReport } from "./report.ts";
import { openSockets } from "./open.ts";
import { RingMemories } from "./ring_memories.ts";

/**
 * What vanilla PF_RING declares with a router: RFC 1812 in the application, loss at the NIC, in a socket's ring and
 * in the queueing discipline.
 *
 * @example
 * ```ts
 * import { pfRing, VANILLA_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pfRing().policy, VANILLA_POLICY);
 * const counts = pfRing({ applications: [{ application: "pfcount" }] });
 * assertEquals(counts.policy!.topology, "sink");
 * ```
 */
export const VANILLA_POLICY: Policy = {
  ...STRICT,
  congestion: ["rx-missed", "ring-full", "qdisc-full"],
};

/**
 * Vanilla PF_RING with its applications.
 *
 * @throws {RangeError} when a knob is out of range, or two exclude each other
 * @throws {TypeError} when one is none of its words
 * @example
 * ```ts
 * import { pfRing } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const reflects = pfRing({ applications: [{ application: "reflector" }] });
 * assertEquals(reflects.policy!.topology, "paired");
 * assertThrows(() => pfRing({ minNumSlots: 0 }), RangeError, "minNumSlots 0");
 * ```
 */
export function pfRing(options: PfRingOptions = {}): Stack {
  const settings = settingsOf(options);
  const tables = new KernelFib();
  const memories = new RingMemories();
  const stack = (env: Env): Dataplane => new VanillaPfRing(env, settings, tables, memories);
  return Object.assign(stack, { policy: policyOf(settings), invariants: VANILLA_INVARIANTS });
}

function policyOf({ applications, ipForward }: PfRingSettings): Policy {
  // the kernel's own policy, as it is without PF_RING
  if (ipForward) {
    return { ...STRICT, checksDstMac: true, congestion: ["rx-missed", "qdisc-full"] };
  }
  const { application, open, clusterType } = applications[0]!;
  if (application === "pfcount") {
    return { ...VANILLA_POLICY, topology: "sink", congestion: ["rx-missed", "ring-full"] };
  }
  if (application === "reflector") {
    return { ...VANILLA_POLICY, topology: "paired", congestion: ["rx-missed", "qdisc-full"] };
  }
  return open === "cluster" ? { ...VANILLA_POLICY, order: orderOf(clusterType) } : VANILLA_POLICY;
}

/** What a cluster keeps in order, of a flow by outer headers. */
function orderOf(type: ClusterType): NonNullable<Policy["order"]> {
  if (type === "per_flow_2_tuple" || type === "per_flow_ip_with_dup_tuple") return "flow";
  if (type === "round_robin" || type.startsWith("per_inner_flow")) return "none";
  // by ports, which a fragment has not that comes before its first one: it goes by its addresses then
  return "unfragmented";
}

class VanillaPfRing implements Dataplane {
  readonly name: string;
  readonly #kernel: Kernel;
  readonly #module: PfRingModule;
  readonly #processes: PfRingProcess[] = [];
  readonly #rings: PfRing[] = [];
  readonly #audit: SlotAudit;
  readonly #settings: PfRingSettings;
  readonly #env: Env;

  constructor(env: Env, settings: PfRingSettings, tables: KernelFib, memories: RingMemories) {
    this.name = `pf_ring (${settings.applications.map((one) => one.application).join(", ")})`;
    this.#env = env;
    this.#settings = settings;
    memories.reset();
    const costs = moduleCosts(env);
    const copied = new CopiedSkbs();
    const module = new PfRingModule(env, costs, settings, copied);
    this.#module = module;
    this.#audit = new SlotAudit();
    const { txqueuelen, itrUs, addresses } = settings;
    const kernel = new Kernel(
      kernelEnv(env, copied),
      { ...KERNEL_DEFAULTS, txqueuelen, itrUs, addresses, gro: false },
      tables,
      false,
      { packetTypes: () => [module.packetType()] },
    );
    this.#kernel = kernel;
    kernel.ip.sysctl.ipForward = settings.ipForward;
    const { applications } = settings;
    this.#open(costs, memories);
    kernel.up();
    const reflects = applications.some(({ application, hashRules, wildcardRules }) =>
      application === "reflector" || hashRules.length + wildcardRules.length > 0
    );
    if (reflects) module.reflectBy(kernel.receivers);
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#kernel.interrupt(cpu, vector);
  }

  report(): ReportRow[] {
    return [
      ...pfRingReport({
        env: this.#env,
        module: this.#module,
        settings: this.#settings,
        rings: this.#rings,
        processes: this.#processes,
      }),
      ...this.#kernel.report(),
    ];
  }

  audit(): Finding[] {
    return this.#audit.findings(this.#module.clusters);
  }

  #open(costs: ModuleCosts, memories: RingMemories): void {
    const env = this.#env;
    const settings = this.#settings;
    const process = processCosts(env);
    settings.applications.forEach((app, i) => {
      const carries = i === 0 && !settings.ipForward && app.application !== "reflector";
      const opened = openSockets(env, costs, settings, app, carries, memories, i);
      const started: PfRingProcess[] = [];
      for (const { socket, lcore } of opened) {
        const ring = new PfRing(env, this.#module, costs, this.#kernel.receivers, socket);
        this.#rings.push(ring);
        this.#audit.watch(socket);
        if (app.open === "cluster") this.#module.cluster(i + 1, app.clusterType).join(socket);
        // what a reflector's rules do needs no process: it sleeps
        if (app.application === "reflector") continue;
        started.push(new PfRingProcess(env, lcore, { module: costs, process }, app, ring));
      }
      startEvents(env, app.events, started, this.#module);
      this.#processes.push(...started);
    });
  }
}
