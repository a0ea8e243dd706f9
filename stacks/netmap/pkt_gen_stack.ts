/** pkt-gen as a stack: a sender, a receiver, or both, on any ports that have names. */
import type { Policy } from "../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";
import type { NetmapFd } from "./fd.ts";
import { NetmapHost } from "./host.ts";
import { type NetmapOptions, type NetmapSettings, settingsOf } from "./options.ts";
import { Receiver, Sender } from "./pkt_gen.ts";
import { Ptnet } from "./ptnet.ts";
import { pktGenRows, valeRows } from "./report.ts";
import { VirtioTx } from "./virtio.ts";

/** What pkt-gen is told; names in brackets are its own. */
export interface PktGenOptions extends NetmapOptions {
  /** Port to send on [-f tx -i], e.g. `netmap:eth0`, `vale0:a`, `netmap:p{1`; absent, nothing is sent. */
  readonly tx?: string;
  /** Port to receive on [-f rx -i]; absent, nothing is received. */
  readonly rx?: string;
  /** Slots that are filled or emptied at once [-b]; 512. */
  readonly batch?: number;
  /** Frames to send [-n]; 10000. */
  readonly count?: number;
  /** Bytes of a frame without FCS [-l]; 60. */
  readonly length?: number;
  /** The sender is a guest, and what its port of the host is reached by; absent, it is a process of the host. */
  readonly guest?: "ptnet" | "virtio";
}

type Settings = Required<Pick<PktGenOptions, "batch" | "count" | "length">> & PktGenOptions;

/** Slots of a guest's ring. */
const VIRTIO_RING = 256;

/**
 * pkt-gen. The sender runs on lcore 0, the receiver on lcore 1 if there is one and somebody sends; a guest's loops on
 * lcores 2 and 3, as far as there are any. One that only receives is judged as a sink.
 *
 * @throws {RangeError} when a number is out of range
 * @throws {TypeError} when there is neither a port to send on nor one to receive on, or no such border
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, x520Host } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY } from "@planecheck/planecheck/properties";
 * import { netmapView, pktGen } from "@planecheck/planecheck/stacks";
 * import { assert } from "@std/assert";
 *
 * const device = new Testbed(pktGen({ tx: "netmap:eth0", count: 1000 }), machineProfile(x520Host));
 * const geometry = { ...PLAIN_GEOMETRY, ports: 1 };
 * const seen = device.run(build({ geometry, neighbours: [0], routes: [], packets: [], deviations: [] }));
 * assert(seen.outCount === 1000);
 * assert(/^tx \d+\.\d+ Mpps \(1\.000 Kpkts .* avg_batch/.test(netmapView("pkt-gen", device.report())));
 * ```
 */
export function pktGen(options: PktGenOptions): Stack {
  const { tx, rx, batch = 512, count = 10_000, length = 60, guest, ...rest } = options;
  const numbers = { batch: [batch, 65_536], count: [count, 1e9], length: [length, 1514] } as const;
  for (const [name, [value, most]] of Object.entries(numbers)) {
    const least = name === "length" ? 60 : 1;
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(
      `Cannot configure pkt-gen: ${name} ${value} is not an integer in ${least}..${most}`,
    );
  }
  if (tx === undefined && rx === undefined) {
    throw new TypeError(
      "Cannot configure pkt-gen: neither a port to send on nor one to receive on",
    );
  }
  if (guest !== undefined && guest !== "ptnet" && guest !== "virtio") {
    throw new TypeError(
      `Cannot configure pkt-gen: guest ${String(guest)} is neither "ptnet" nor "virtio"`,
    );
  }
  const settings = { ...options, batch, count, length };
  const netmap = settingsOf(rest);
  const policy: Policy = tx === undefined ? { ...STRICT, topology: "sink" } : STRICT;
  const stack = (env: Env): Dataplane => new PktGen(env, netmap, settings);
  return Object.assign(stack, { policy });
}

class PktGen implements Dataplane {
  readonly name = "pkt-gen";
  readonly #host: NetmapHost;
  readonly #sender: Sender | null = null;
  readonly #receiver: Receiver | null = null;

  constructor(env: Env, netmap: NetmapSettings, settings: Settings) {
    this.#host = new NetmapHost(env, netmap);
    const { kernel, costs } = this.#host;
    const { tx, rx, batch, count, length } = settings;
    const cpus: Cpu[] = Array.from(
      { length: env.lcores },
      (_, lcore) => env.spawn(lcore, "softirq", () => 0),
    );
    if (rx !== undefined) {
      const lcore = tx === undefined ? 0 : Math.min(1, env.lcores - 1);
      this.#receiver = new Receiver(env, lcore, costs, kernel.open(rx), batch);
    }
    if (tx !== undefined) {
      const fd = this.#sends(env, settings);
      const frame = new Uint8Array(length);
      const addresses = { dstMac: 0xffff_ffff_ffff, srcMac: 2, src: 0x0a000001, dst: 0x0a010001 };
      writeUdpFrame(frame, 0, { ...addresses, payload: length - 42 });
      this.#sender = new Sender(env, 0, costs, fd, { batch, count, frame });
    }
    this.#host.up(cpus);
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#host.interrupt(cpu, vector);
  }

  report(): ReportRow[] {
    return [
      ...this.#sender === null ? [] : pktGenRows("tx", this.#sender.stats),
      ...this.#receiver === null ? [] : pktGenRows("rx", this.#receiver.stats),
      ...valeRows(this.#host.kernel),
    ];
  }

  /** The port that is sent on, or what a guest sees of it. */
  #sends(env: Env, { tx, guest }: Settings): NetmapFd {
    const { kernel, costs } = this.#host;
    const fd = kernel.open(tx!);
    if (guest === undefined) return fd;
    const port = kernel.ports.get(tx!.replace(/^netmap:/, ""))!;
    const lcores = { guest: 0, host: Math.min(2, env.lcores - 1) };
    const border = guest === "ptnet"
      ? new Ptnet(env, costs, port, lcores)
      : new VirtioTx(env, costs, kernel.region(VIRTIO_RING), port, lcores, VIRTIO_RING);
    return border.adapter.open();
  }
}
