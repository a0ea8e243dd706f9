/**
 * An ODP program over its interfaces: pools, pktio, classifier, event queues, scheduler, Traffic Manager, and the
 * forwarding application of odp_l2fwd's form, written to the API and the same whatever the interfaces are.
 *
 * Source: OpenDataPlane v1.50.0.0: include/odp/api/spec, platform/linux-generic, test/performance/odp_l2fwd.c.
 */
import type { Cpu, Dataplane, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { type App, L2fwd, L3fwd } from "./apps.ts";
import { odpAudit } from "./audit.ts";
import { ODP_INVARIANTS } from "./invariants.ts";
import { Odp } from "./odp.ts";
import { type OdpOptions, type OdpSettings, settingsOf } from "./options.ts";
import { odpPolicy } from "./policy.ts";
import { openInterfaces } from "./interfaces.ts";
import { setUpClassifier } from "./classifier_setup.ts";
import { odpReport } from "./report.ts";
import { startTm } from "./tm_thread.ts";
import { Worker } from "./worker.ts";

/**
 * The stack.
 *
 * @throws {RangeError} when a number is out of range, or what is asked for does not fit together
 * @throws {TypeError} when a word is none of those that its knob knows
 * @example
 * ```ts
 * import { testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { odp } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 2 },
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * });
 * const seen = testbed(odp({ mode: "ordered" }), machineProfile(paperHost)).run(scenario);
 * assertEquals([seen.outCount, seen.outPort[0]], [1, 1]);
 * ```
 */
export function odp(options: OdpOptions = {}): Stack {
  const settings = settingsOf(options);
  const stack = (env: Env): Dataplane => new OdpProgram(env, settings);
  return Object.assign(stack, { policy: odpPolicy(settings), invariants: ODP_INVARIANTS });
}

class OdpProgram implements Dataplane {
  readonly name: string;
  readonly #odp: Odp;
  readonly #workers: Worker[] = [];

  constructor(env: Env, settings: OdpSettings) {
    const { app, mode, output } = settings;
    this.name = `odp ${app} (${mode}${output === "direct" ? "" : `, ${output} output`})`;
    const odp = this.#odp = new Odp(env, settings);
    openInterfaces(odp);
    if (settings.classifier !== undefined) setUpClassifier(odp, settings.classifier);
    const program: App = app === "l3fwd" ? new L3fwd(odp) : new L2fwd(odp);
    if (output === "tm") startTm(odp, env.lcores - 1);
    for (let lcore = 0; lcore < env.lcores; lcore++) this.#startWorker(lcore, program);
  }

  audit(): Finding[] {
    return odpAudit(this.#odp, this.#workers);
  }

  report(): ReportRow[] {
    return odpReport(this.#odp, this.#workers);
  }

  /** A worker on an lcore: a thread of the scheduler, or a loop over input queues of its own. */
  #startWorker(lcore: number, program: App): void {
    const odp = this.#odp;
    const { mode } = odp.settings;
    const worker = new Worker(odp, program);
    this.#workers.push(worker);
    if (mode !== "direct" && mode !== "queue") {
      odp.threadCreate(lcore, (cpu, thread) => worker.schedule(cpu, thread));
      return;
    }
    for (const pktio of odp.pktios) {
      if (lcore >= pktio.pktinQueues) continue;
      const queue = odp.scheduler.queues.find((one) =>
        one.pktin === pktio && one.pktinQueue === lcore
      );
      const turn = queue === undefined
        ? (cpu: Cpu): number => worker.direct(cpu, pktio, lcore)
        : (cpu: Cpu): number => worker.plain(cpu, queue);
      odp.env.spawn(lcore, "thread", turn, true);
    }
  }
}
