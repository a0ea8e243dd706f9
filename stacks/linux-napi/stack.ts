/**
 * Linux as an IPv4 router: interrupt, NAPI, softirq, skb, ip_forward, qdisc, driver. Everything runs in
 * softirq context on the lcore that the queue's interrupt goes to, one receive and one transmit queue of each
 * port for every lcore; no process takes part.
 */
import { ICMP_RATELIMIT_MS, XRLIM_BURST_FACTOR } from "../../core/linux/icmp_limit.ts";
import { Kernel } from "../../core/linux/kernel.ts";
import { KernelFib } from "../../core/linux/kernel_fib.ts";
import type { Policy } from "../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import { startShell } from "./commands.ts";
import { type LinuxNapiOptions, type LinuxNapiSettings, settingsOf } from "./options.ts";

/**
 * What Linux declares: RFC 1812, frames for other stations refused, loss at the NIC and in the
 * qdisc.
 *
 * @example
 * ```ts
 * import { LINUX_POLICY, linuxNapi } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(linuxNapi({ profile: "legacy" }).policy, LINUX_POLICY);
 * ```
 */
export const LINUX_POLICY: Policy = {
  ...STRICT,
  checksDstMac: true,
  congestion: ["rx-missed", "qdisc-full"],
};

/**
 * The Linux forwarding path.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when the profile is unknown
 * @example
 * ```ts
 * import { linuxNapi } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(linuxNapi().policy!.congestion, ["rx-missed", "qdisc-full"]);
 * assertThrows(() => linuxNapi({ txqueuelen: 0 }), RangeError, "txqueuelen 0");
 * ```
 */
export function linuxNapi(options: LinuxNapiOptions = {}): Stack {
  const settings = settingsOf(options);
  const tables = new KernelFib();
  const stack = (env: Env): Dataplane => new LinuxNapi(env, settings, tables);
  return Object.assign(stack, { policy: policyOf(settings) });
}

/** What the kernel declares as it is set up. */
function policyOf({ addresses, mtu, neighbours }: LinuxNapiSettings): Policy {
  const { congestion } = LINUX_POLICY;
  const asks = neighbours.length > 0;
  return {
    ...LINUX_POLICY,
    ...mtu === Infinity ? {} : { mtu },
    ...asks ? { congestion: [...congestion, "unresolved"] } : {},
    ...addresses.length === 0 ? {} : {
      originates: {
        addresses,
        icmpBurst: XRLIM_BURST_FACTOR,
        icmpPerSecond: 1000 / ICMP_RATELIMIT_MS,
        ...asks ? { arp: neighbours } : {},
      },
    },
  };
}

class LinuxNapi implements Dataplane {
  readonly name: string;
  readonly #kernel: Kernel;

  constructor(env: Env, settings: LinuxNapiSettings, tables: KernelFib) {
    this.name = `linux-napi (${settings.profile})`;
    const { commands } = settings;
    this.#kernel = new Kernel(env, settings, tables, commands.length > 0);
    startShell(env, commands, this.#kernel.ip);
    this.#kernel.up();
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#kernel.interrupt(cpu, vector);
  }

  report(): ReportRow[] {
    return this.#kernel.report();
  }
}
