/** A router on netmap, whole: NICs in netmap mode, and a process for each lcore. */
import type { Policy } from "../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import { NetmapHost } from "./host.ts";
import { type NetmapOptions, type NetmapSettings, settingsOf } from "./options.ts";
import { Router } from "./router.ts";

/**
 * What the router declares: RFC 1812, with loss at the NIC alone. netmap itself drops nothing.
 *
 * @example
 * ```ts
 * import { netmap, NETMAP_POLICY } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([netmap().policy, NETMAP_POLICY.congestion], [NETMAP_POLICY, ["rx-missed"]]);
 * ```
 */
export const NETMAP_POLICY: Policy = STRICT;

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
  return Object.assign(stack, { policy: NETMAP_POLICY });
}

class NetmapRouter implements Dataplane {
  readonly name = "netmap";
  readonly #host: NetmapHost;
  readonly #routers: Router[] = [];

  constructor(env: Env, settings: NetmapSettings) {
    this.#host = new NetmapHost(env, settings);
    const { ports, costs } = this.#host;
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      const { burst, noTxPoll } = settings;
      const fds = ports.map((port) => port.open({ ring: lcore }, { noTxPoll }));
      this.#routers.push(new Router(env, lcore, costs, fds, burst));
    }
    this.#host.up(this.#routers.map(({ process }) => process.cpu));
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#host.interrupt(cpu, vector);
  }

  report(): ReportRow[] {
    return [];
  }
}
