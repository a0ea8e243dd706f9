/**
 * Opening every channel of a machine: by ZC's driver, which takes the NIC from the kernel, or in 1-copy mode through a
 * kernel that keeps it. Where channels are to be closed again, the kernel is there from the start with its interfaces
 * down.
 */
import { Kernel, KERNEL_DEFAULTS } from "../../core/linux/kernel.ts";
import type { KernelFib } from "../../core/linux/kernel_fib.ts";
import { RSS_KEY_SYMMETRIC, Toeplitz } from "../../core/packet/mod.ts";
import type { Env } from "../../core/stack.ts";
import { CopiedSkbs, kernelEnv } from "./kernel_env.ts";
import { moduleCosts } from "./module_costs.ts";
import { ZcCluster } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";
import type { ZcChannel } from "./zc_channel.ts";
import { ZcDevice } from "./zc_device.ts";
import {
  type KernelChannelParts,
  kernelChannelType,
  ZcKernelChannel,
} from "./zc_kernel_channel.ts";
import type { PfRingZcSettings } from "./zc_options.ts";
import type { ZcQueue } from "./zc_queue.ts";

/** Handles and skbs beyond what rings and queues hold, for each lcore. */
const SPARE = 64;
/** Packets that wait for a channel in 1-copy mode, where the receive ring is no smaller. */
const KERNEL_SLOTS = 512;
const SYMMETRIC = new Toeplitz(RSS_KEY_SYMMETRIC, 12);

/** What was opened. */
export interface OpenedChannels {
  readonly cluster: ZcCluster;
  /** By port and lcore. */
  readonly channels: readonly (readonly ZcChannel[])[];
  /** Those of ZC's driver. */
  readonly devices: readonly ZcDevice[];
  /** Queues between the kernel and channels in 1-copy mode. */
  readonly kernelQueues: readonly ZcQueue[];
  readonly kernel: Kernel | null;
}

/** Consumers of a balancer. */
export function consumersOf({ consumers }: PfRingZcSettings, lcores: number): number {
  return consumers || Math.max(1, lcores - 1);
}

/**
 * Opens all channels.
 * @throws {RangeError} when the cluster's buffers do not suffice
 */
export function openChannels(
  env: Env,
  settings: PfRingZcSettings,
  costs: ZcCosts,
  tables: KernelFib,
): OpenedChannels {
  const { nics } = env.hardware;
  for (const nic of nics) nic.bootQueues();
  const cluster = new ZcCluster(env, settings.buffers || buffersOf(env, settings));
  const opened = settings.driver === "zc"
    ? byZcDriver(env, settings, cluster, costs, tables)
    : byKernel(env, settings, cluster, costs, tables);
  if (settings.symmetricRss) { for (const { queues } of nics) queues.setRss(SYMMETRIC); }
  return opened;
}

function byZcDriver(
  env: Env,
  { closeAtUs, addresses }: PfRingZcSettings,
  cluster: ZcCluster,
  costs: ZcCosts,
  tables: KernelFib,
): OpenedChannels {
  // the kernel's driver finds rings that it will open later; booting it changes nothing on the NIC
  const kernel = closeAtUs === Infinity
    ? null
    : new Kernel(env, { ...KERNEL_DEFAULTS, addresses, gro: false }, tables, false);
  // channels are opened before any thread runs: whose context opens them does not matter
  const opener = env.spawn(0, "softirq", () => 1);
  const channels = env.hardware.nics.map((nic) =>
    Array.from(
      { length: env.lcores },
      (_, q) => new ZcDevice(cluster, nic, q, costs, opener),
    )
  );
  return { cluster, channels, devices: channels.flat(), kernelQueues: [], kernel };
}

function byKernel(
  env: Env,
  { addresses }: PfRingZcSettings,
  cluster: ZcCluster,
  costs: ZcCosts,
  tables: KernelFib,
): OpenedChannels {
  const copied = new CopiedSkbs();
  const parts: KernelChannelParts = {
    ...{ cluster, costs, copied },
    module: moduleCosts(env),
    receivers: [],
    syscall: env.cost("host.syscall"),
  };
  const channels: ZcKernelChannel[][] = [];
  const kernel = new Kernel(
    kernelEnv(env, copied),
    { ...KERNEL_DEFAULTS, addresses, gro: false },
    tables,
    false,
    { packetTypes: () => [kernelChannelType(channels)] },
  );
  kernel.ip.sysctl.ipForward = false;
  parts.receivers.push(...kernel.receivers);
  for (const { port } of env.hardware.nics) {
    channels.push(
      Array.from(
        { length: env.lcores },
        (_, q) => new ZcKernelChannel(parts, port, q, kernelSlots(env)),
      ),
    );
  }
  kernel.up();
  const kernelQueues = channels.flat().map(({ ring }) => ring);
  return { cluster, channels, devices: [], kernelQueues, kernel };
}

/** Slots of a channel in 1-copy mode. */
function kernelSlots({ hardware: { nics } }: Env): number {
  return Math.min(KERNEL_SLOTS, nics[0]!.queues.rx[0]!.size);
}

/** Buffers that rings, queues and applications take, and some to spare (tot_num_buffers). */
function buffersOf(env: Env, settings: PfRingZcSettings): number {
  const { lcores, hardware: { nics } } = env;
  const { application, burst, queueLen, driver } = settings;
  let perLcore = burst + SPARE;
  for (const { queues } of nics) {
    perLcore += queues.rx[0]!.size + queues.tx[0]!.size;
    if (driver === "standard") perLcore += kernelSlots(env) + 1 + SPARE;
  }
  const queues = application === "zbalance" ? consumersOf(settings, lcores) : 0;
  return lcores * perLcore + queues * (queueLen + burst);
}
