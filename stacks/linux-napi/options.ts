/** What can be set on the Linux path, with the kernel's defaults, and what is refused. */
import type { LinuxProfile } from "../../core/linux/costs.ts";
import { KERNEL_DEFAULTS, type KernelSettings } from "../../core/linux/kernel.ts";

/** Knobs; names in brackets are the system's own. */
export interface LinuxNapiOptions {
  /** Today's kernel and driver, or those of the 2.6 era; `"modern"`. */
  readonly profile?: LinuxProfile;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; absent, adaptive [adaptive-rx on]. */
  readonly itrUs?: number;
  /** Packets that each queueing discipline holds [txqueuelen]; 1000. */
  readonly txqueuelen?: number;
  /** Packets of one round [net.core.netdev_budget]; 300. */
  readonly budget?: number;
  /** Microseconds of one round [net.core.netdev_budget_usecs]; 2000. */
  readonly budgetUsecs?: number;
  /**
   * IPv4 address of each port [ip address add]. With them ICMP errors are sent, and at most one for a second and
   * host, six at once [icmp_ratelimit]; absent, none is.
   */
  readonly addresses?: readonly number[];
  /** Longest packet that a port sends [ip link set mtu], for packets that must not be cut; absent, any. */
  readonly mtu?: number;
  /**
   * IPv4 address of each next hop. With them, and `addresses`, none of their MAC addresses is known at first and
   * ARP asks for them; absent, all are known for good [ip neigh add nud permanent].
   */
  readonly neighbours?: readonly number[];
  /** Packets that wait for the MAC address of one next hop [net.ipv4.neigh.default.unres_qlen]; 101. */
  readonly unresQlen?: number;
  /** Milliseconds after which ARP asks again, three times in all [neigh.default.retrans_time_ms]; 1000. */
  readonly retransTimeMs?: number;
  /** What an administrator types while packets flow, in order of time. */
  readonly commands?: readonly LinuxCommand[];
  /** A capture runs on all ports [tcpdump -i any]; false. */
  readonly tap?: boolean;
  /** Segments of a TCP flow are merged [ethtool -K gro]; true, and false in the legacy profile. */
  readonly gro?: boolean;
}

/** A command and the microsecond at which it is typed; lcore 0 runs it when it gets to it. */
export type LinuxCommand =
  & { readonly atUs: number }
  & (
    | { readonly sysctl: "net.ipv4.ip_forward"; readonly value: 0 | 1 }
    | {
      readonly route: "replace";
      readonly prefix: number;
      readonly depth: number;
      readonly nextHop: number;
    }
    | { readonly route: "del"; readonly prefix: number; readonly depth: number }
  );

/** Every knob set. */
export interface LinuxNapiSettings extends KernelSettings {
  readonly commands: readonly LinuxCommand[];
}

/** Largest values: 10 bits of EITR in units of 2 us rounded down, and what keeps arrays and rounds bounded. */
const MOST = {
  itrUs: 1000,
  txqueuelen: 100_000,
  budget: 1_000_000,
  budgetUsecs: 1_000_000,
  mtu: 65_535,
  unresQlen: 100_000,
  retransTimeMs: 100_000,
  address: 2 ** 32 - 1,
};
/** The least MTU of IPv4 (RFC 791, 3.2). */
const MTU_MIN = 68;

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is no integer or out of range
 * @throws {TypeError} when the profile is neither `"modern"` nor `"legacy"`
 */
export function settingsOf(options: LinuxNapiOptions): LinuxNapiSettings {
  const { profile = KERNEL_DEFAULTS.profile } = options;
  if (profile !== "modern" && profile !== "legacy") {
    throw new TypeError(
      `Cannot configure linux-napi: profile ${String(profile)} is neither "modern" nor "legacy"`,
    );
  }
  const settings = { ...KERNEL_DEFAULTS, gro: profile === "modern", commands: [], ...options };
  const { itrUs, txqueuelen, budget, budgetUsecs, addresses, mtu, neighbours } = settings;
  const { unresQlen, retransTimeMs, commands } = settings;
  check("itrUs", itrUs, options.itrUs === undefined ? -1 : 0, MOST.itrUs);
  check("txqueuelen", txqueuelen, 1, MOST.txqueuelen);
  check("budget", budget, 1, MOST.budget);
  check("budgetUsecs", budgetUsecs, 1, MOST.budgetUsecs);
  if (mtu !== Infinity) check("mtu", mtu, MTU_MIN, MOST.mtu);
  check("unresQlen", unresQlen, 1, MOST.unresQlen);
  check("retransTimeMs", retransTimeMs, 1, MOST.retransTimeMs);
  for (const one of addresses) check("address", one, 0, MOST.address);
  for (const one of neighbours) check("neighbour", one, 0, MOST.address);
  if (neighbours.length > 0 && addresses.length === 0) {
    throw new RangeError("Cannot configure linux-napi: neighbours without addresses to ask from");
  }
  let before = 0;
  for (const { atUs } of commands) {
    check("atUs", atUs, before, Number.MAX_SAFE_INTEGER);
    before = atUs;
  }
  return settings;
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure linux-napi: ${name} ${value} is not an integer in ${least}..${most}`,
  );
}
