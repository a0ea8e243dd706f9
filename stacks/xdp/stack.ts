/**
 * XDP: a verified eBPF program in the NAPI poll of every port, on the page that the NIC wrote and before there is an
 * skb; the kernel's own path behind it for what it passes. Everything runs in softirq context on the CPU that the
 * queue's interrupt goes to.
 */
import { ICMP_RATELIMIT_MS, XRLIM_BURST_FACTOR } from "../../core/linux/icmp_limit.ts";
import { KernelFib } from "../../core/linux/kernel_fib.ts";
import type { Policy } from "../../core/policy.ts";
import type { Cpu, Dataplane, Env, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { auditXdp } from "./audit.ts";
import { startShell } from "./commands.ts";
import { XDP_INVARIANTS } from "./invariants.ts";
import { settingsOf, type XdpOptions, type XdpSettings } from "./options.ts";
import { xdpForward, type XdpProgram } from "./program.ts";
import { xdpReport } from "./report.ts";
import { bootXdp, type XdpSystem } from "./system.ts";

/**
 * XDP with a program on all ports; by default the router of xdp-forward.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when the mode is unknown
 * @example
 * ```ts
 * import { xdp, xdpBench } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(xdp().policy!.checksum, "verify");
 * assertEquals(xdp(xdpBench("xdp_redirect_map")).policy!.topology, "paired");
 * assertThrows(() => xdp(undefined, { txqueuelen: 0 }), RangeError, "txqueuelen 0");
 * ```
 */
export function xdp(program: XdpProgram = xdpForward(), options: XdpOptions = {}): Stack {
  const settings = settingsOf(options);
  const tables = new KernelFib();
  const stack = (env: Env): Dataplane => new Xdp(env, program, settings, tables);
  return Object.assign(stack, {
    policy: policyOf(program, settings),
    invariants: XDP_INVARIANTS,
  });
}

/** What the program declares, and what the stack behind it does as it is set up. */
function policyOf({ policy }: XdpProgram, { kernel }: XdpSettings): Policy {
  if (policy.topology !== undefined) return policy;
  const { addresses, neighbours, mtu } = kernel;
  const asks = neighbours.length > 0;
  return {
    ...policy,
    // what is too long goes by the stack, which sends at once, past frames of its flow in a bulk queue
    ...mtu === Infinity ? {} : { mtu, order: "none" as const },
    ...asks ? { congestion: [...policy.congestion, "unresolved"] } : {},
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

class Xdp implements Dataplane {
  readonly name: string;
  readonly system: XdpSystem;

  constructor(env: Env, program: XdpProgram, settings: XdpSettings, tables: KernelFib) {
    this.name = `xdp (${program.name}${settings.mode === "generic" ? ", generic" : ""})`;
    this.system = bootXdp(env, program, settings, tables);
    const { devices, loaded, kernel } = this.system;
    startShell(env, devices, loaded, settings.commands);
    kernel.up();
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.system.kernel.interrupt(cpu, vector);
  }

  report(): ReportRow[] {
    return xdpReport(this.system);
  }

  audit(): Finding[] {
    return auditXdp(this.system);
  }
}
