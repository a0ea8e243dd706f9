/** A router on netmap, whole: NICs in netmap mode, and a process for each lcore. */
import type { Memory } from "../../core/memory/memory.ts";
import type { Policy } from "../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type Finding,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import { Audit } from "./audit.ts";
import { Detach } from "./detach.ts";
import { NetmapHost } from "./host.ts";
import { NETMAP_INVARIANTS } from "./invariants.ts";
import { type NetmapOptions, type NetmapSettings, settingsOf } from "./options.ts";
import { netmapReport } from "./report.ts";
import { Router } from "./router.ts";

/**
 * What the router declares: RFC 1812, with loss at the NIC alone. netmap itself drops nothing but in emulated mode,
 * where the queue of skbs behind the driver can be full.
 *
 * @example
 * ```ts
 * import { netmap, NETMAP_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([netmap().policy, NETMAP_POLICY.congestion], [NETMAP_POLICY, ["rx-missed"]]);
 * assertEquals(netmap({ admode: 2 }).policy!.congestion, ["rx-missed", "ring-full"]);
 * ```
 */
export const NETMAP_POLICY: Policy = STRICT;

const EMULATED_POLICY: Policy = { ...STRICT, congestion: ["rx-missed", "ring-full"] };

/**
 * A router on netmap rings.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when a switch is neither true nor false
 * @example
 * ```ts
 * import { netmap } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(netmap({ burst: 64 }).policy!.congestion, ["rx-missed"]);
 * assertThrows(() => netmap({ burst: 0 }), RangeError, "burst 0");
 * ```
 */
export function netmap(options: NetmapOptions = {}): Stack {
  const settings = settingsOf(options);
  const stack = (env: Env): Dataplane => new NetmapRouter(env, settings);
  const policy = settings.admode === 2 ? EMULATED_POLICY : NETMAP_POLICY;
  return Object.assign(stack, { policy, invariants: NETMAP_INVARIANTS });
}

class NetmapRouter implements Dataplane {
  readonly name: string;
  readonly #host: NetmapHost;
  readonly #routers: Router[] = [];
  /** Where books are kept. */
  readonly #audit: Audit | null;

  constructor(env: Env, settings: NetmapSettings) {
    this.name = settings.admode === 2 ? "netmap (emulated)" : "netmap";
    this.#host = new NetmapHost(env, settings);
    const { kernel, ports, costs } = this.#host;
    const flags = settings.noTxPoll ? "/T" : "";
    const all = [];
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      const fds = ports.map(({ name }) => kernel.open(`netmap:${name}-${lcore}${flags}`));
      all.push(...fds);
      this.#routers.push(new Router(env, lcore, costs, fds, settings.burst));
    }
    if (settings.exitAtUs < Infinity) {
      const exit = (): void => this.#routers.forEach((router) => router.exit());
      new Detach(env, this.#host, all, settings.exitAtUs, exit);
    }
    this.#host.up(this.#routers.map(({ process }) => process.cpu));
    const checked = (env.memory as Memory).ledger !== null;
    this.#audit = checked ? new Audit(env, this.#host, this.#routers) : null;
  }

  interrupt(cpu: Cpu, vector: number): void {
    if (this.#audit === null) this.#host.interrupt(cpu, vector);
    else this.#audit.interrupt(() => this.#host.interrupt(cpu, vector));
  }

  report(): ReportRow[] {
    return netmapReport(this.#host, this.#routers);
  }

  audit(): Finding[] {
    return this.#audit === null ? [] : this.#audit.findings();
  }
}
