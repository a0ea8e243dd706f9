/**
 * Snabb: an app network for each lcore, driven in breaths by a process of its own. There is no kernel driver, no
 * interrupt and no thread; while there is work no system call. Processes share NICs by queues, and packets by the group
 * freelist.
 */
import type { Memory } from "../../core/memory/memory.ts";
import type { Policy } from "../../core/policy.ts";
import {
  type Dataplane,
  type Env,
  type Finding,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import { auditOf } from "./audit.ts";
import { snabbDesigns } from "./designs.ts";
import { CHUNKS, GroupFreelist } from "./group_freelist.ts";
import { SNABB_INVARIANTS } from "./invariants.ts";
import { Interlinks } from "./interlink.ts";
import { settingsOf, type SnabbOptions, type SnabbSettings } from "./options.ts";
import { type Machinery, SnabbProcess } from "./process.ts";
import { snabbReport } from "./report.ts";

/**
 * What Snabb declares: RFC 1812, which is what its router app does, and loss at the NIC and at full links.
 *
 * @example
 * ```ts
 * import { SNABB_POLICY, snabb } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(snabb().policy, SNABB_POLICY);
 * assertEquals(SNABB_POLICY.congestion, ["rx-missed", "ring-full"]);
 * ```
 */
export const SNABB_POLICY: Policy = { ...STRICT, congestion: ["rx-missed", "ring-full"] };

/**
 * Snabb with a design.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when `jit` is none of its words
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { snabb, SNABB_APPS, snabbView } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 *
 * const crossover = snabb({
 *   design({ config, engine }) {
 *     const { Intel } = SNABB_APPS;
 *     const c = config.new();
 *     config.app(c, "nic0", Intel, { pciaddr: "0000:00:00.0" });
 *     config.app(c, "nic1", Intel, { pciaddr: "0000:01:00.0" });
 *     config.link(c, "nic0.output -> nic1.input");
 *     config.link(c, "nic1.output -> nic0.input");
 *     engine.configure(c);
 *   },
 * });
 * const device = new Testbed(crossover, machineProfile(paperHost));
 * const seen = device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * assertEquals([seen.outCount, seen.outPort[0]], [1, 1]);
 * assertStringIncludes(snabbView("links", device.report()), "1 sent on nic0.output -> nic1.input");
 * ```
 */
export function snabb(options: SnabbOptions = {}): Stack {
  const settings = settingsOf(options);
  const stack = (env: Env): Dataplane => new Snabb(env, settings);
  return Object.assign(stack, { policy: SNABB_POLICY, invariants: SNABB_INVARIANTS });
}

class Snabb implements Dataplane {
  readonly name: string = "snabb";
  readonly #processes: SnabbProcess[] = [];
  readonly #machinery: Machinery;

  constructor(env: Env, settings: SnabbSettings) {
    for (const nic of env.hardware.nics) nic.bootQueues();
    this.#machinery = machineryOf(env, settings);
    const design = settings.design ?? snabbDesigns.router;
    for (let pid = 0; pid < env.lcores; pid++) {
      this.#processes.push(new SnabbProcess(env, pid, settings, this.#machinery));
    }
    for (const process of this.#processes) design(process);
  }

  report(): ReportRow[] {
    return snabbReport(this.#processes, this.#machinery);
  }

  audit(): Finding[] {
    return auditOf(this.#processes, this.#machinery);
  }
}

/** Links of a design of one process for each port: to its NIC, and from it. */
const LINKS_PER_PORT = 2;

/**
 * Divides the memory of the machine: as many packets as full rings and full links take, where there is memory for
 * them; links are shorter where there is not, so that a process cannot run out of packets.
 */
function machineryOf(env: Env, settings: SnabbSettings): Machinery {
  const { linkRingSize, maxPackets, groupFreelist, chunkSize } = settings;
  const { nics } = env.hardware;
  const memory = env.memory as Memory;
  const inRings = nics.reduce(
    (sum, { queues }) => sum + queues.rx[0]!.size + queues.tx[0]!.size,
    0,
  );
  const wanted = maxPackets ?? inRings + nics.length * LINKS_PER_PORT * (linkRingSize - 1);
  env.configure({
    mbufs: Math.max(1, Math.min(wanted * env.lcores, memory.capacity - memory.used)),
  });
  const each = Math.floor(env.pool.size / env.lcores);
  let linkSize = linkRingSize;
  while (linkSize > 2 && inRings + nics.length * LINKS_PER_PORT * (linkSize - 1) > each) {
    linkSize >>= 1;
  }
  const group = groupFreelist && env.lcores > 1 ? new GroupFreelist(CHUNKS, chunkSize) : null;
  return {
    group,
    interlinks: new Interlinks(settings.developerDebug),
    maxPackets: Math.min(each, wanted),
    totalPackets: env.pool.size,
    linkSize,
  };
}
