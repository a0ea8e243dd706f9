/**
 * An XDP program as a device, in two ways: run frame by frame by BPF_PROG_TEST_RUN, where it says what becomes of
 * each and nothing is ever sent; or attached to the ports of a bench, in generic mode or in native mode.
 *
 * A program with maps `routes`, `hops` and `tx` is given the scenario in them (docs/examples/xdp_forward.bpf.c
 * tells their form). One without `routes` has the kernel's own table beside it, for bpf_fib_lookup, and in the second
 * way the kernel's forwarding behind it for what it passes on.
 */
import type { DeviceUnderTest, Scenario } from "../../../core/machine/device.ts";
import { Observation } from "../../../core/machine/observation.ts";
import type { Policy } from "../../../core/policy.ts";
import { observe, type SentFrame } from "../observe.ts";
import { ANY_ROUTER } from "../policy.ts";
import { BpfObject, XDP } from "./bpf.ts";
import { ipv4Fence } from "./ipv4_fence.ts";
import { FORWARDING, KERNEL_POLICY, KernelTables } from "./kernel.ts";
import { type LiveDevice, liveDevice } from "./live_device.ts";
import { FIRST_INDEX, Rig } from "./rig.ts";
import { XdpMaps } from "./xdp_maps.ts";

/** What is expected of an XDP program that says nothing else: RFC 1812, on ports without a MAC. */
export const XDP_POLICY: Policy = { ...ANY_ROUTER, ports: "virtual" };

/** What is expected of one that is attached with the kernel behind it: that answers what it passes on. */
const BESIDE_KERNEL: Policy = {
  ...XDP_POLICY,
  // the kernel answers what comes from 0.0.0.0/8
  martianSources: [],
  originates: KERNEL_POLICY.originates!,
};

/** Which program, and how. */
export interface XdpDeviceOptions {
  /** Path of the object file. */
  readonly file: string;
  /** What it declares; {@link XDP_POLICY}. */
  readonly policy?: Policy;
  /** Whether it is attached to ports instead of being run frame by frame, in generic or in native mode; false. */
  readonly live?: boolean | "native";
  /** Ports; 4. */
  readonly ports?: number;
}

/** Frames longer than a port of MTU 1500 takes, or without an Ethernet header, do not reach a program. */
const FRAME_MIN = 14;
const FRAME_MAX = 1518;
/** Where a frame counts as sent when its source address is no port's. */
const NO_PORT = 255;

/**
 * An XDP program as a device under test. It lasts until it is closed.
 *
 * @throws {SystemCallError} naming the permission that is missing
 * @throws {Error} when the file cannot be loaded
 * @example
 * ```ts
 * import { XDP_POLICY, xdpDevice } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // needs CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN:
 * // const device = xdpDevice({ file: "xdp_forward.o" });
 * assertEquals([typeof xdpDevice, XDP_POLICY.checksum], ["function", "verify"]);
 * ```
 */
export function xdpDevice(options: XdpDeviceOptions): LiveDevice {
  const { file, live = false, ports = 4 } = options;
  const kind = live === "native" ? "xdp-native" : live ? "xdp-live" : "xdp";
  const name = `${kind}:${file.split("/").at(-1)}`;
  const object = new BpfObject(file);
  const usesKernel = object.map("routes") < 0;
  const { policy = usesKernel && live !== false ? BESIDE_KERNEL : XDP_POLICY } = options;
  const rig = new Rig(ports, usesKernel ? FORWARDING : {});
  const tables = new KernelTables(rig);
  const maps = new XdpMaps(object, ports);
  const fences = ipv4Fence();
  const configure = (scenario: Scenario): boolean => {
    const network = fences.choose(scenario);
    const changed = tables.configure(scenario, network, usesKernel);
    if (!usesKernel) rig.device.within(() => maps.install(scenario, network));
    return changed;
  };
  if (live !== false) {
    try {
      if (live === "native") rig.takeNative();
      rig.device.within(() => {
        for (let p = 0; p < ports; p++) object.attach(FIRST_INDEX + p, live === "native");
      });
    } catch (error) {
      object.close();
      rig.close();
      throw error;
    }
    const close = () => object.close();
    return liveDevice(rig, { name, policy, configure, fence: fences.frame, close });
  }
  const device = progRun(rig, object, name, policy, configure);
  const close = () => {
    object.close();
    rig.close();
  };
  return { ...device, close };
}

function progRun(
  rig: Rig,
  object: BpfObject,
  name: string,
  policy: Policy,
  configure: (scenario: Scenario) => unknown,
): DeviceUnderTest {
  const observation = new Observation();
  let bytes = new Uint8Array(1 << 16);
  const run = (scenario: Scenario): Observation => {
    configure(scenario);
    const { traffic, neighbours } = scenario;
    const frames: SentFrame[] = [];
    let used = 0;
    rig.device.within(() => {
      for (let i = 0; i < traffic.count; i++) {
        const length = traffic.length[i]!;
        if (traffic.badFcs?.[i] === 1 || length < FRAME_MIN || length > FRAME_MAX) continue;
        const port = traffic.port[i]!;
        const said = object.run(traffic.bytes, traffic.offset[i]!, length, FIRST_INDEX + port);
        if (said !== XDP.tx && said !== XDP.redirect) continue;
        const egress = said === XDP.tx ? port : portOf(object.output, neighbours.portMac);
        const sent = object.outputLength;
        if (used + sent > bytes.length) {
          const grown = new Uint8Array(2 * bytes.length + sent);
          grown.set(bytes);
          bytes = grown;
        }
        for (let b = 0; b < sent; b++) bytes[used + b] = object.output[b]!;
        frames.push({ port: egress, offset: used, length: sent });
        used += sent;
      }
    });
    return observe(observation, name, policy, scenario, { bytes, frames });
  };
  return { name, policy, offers: new Set(["frames", "fates"]), run };
}

/** The port whose MAC address is the source of a frame: where it is sent to is not told otherwise. */
function portOf(frame: Uint8Array, portMac: Uint8Array): number {
  for (let p = 0; p * 6 < portMac.length; p++) {
    let same = true;
    for (let i = 0; i < 6; i++) same &&= frame[6 + i] === portMac[p * 6 + i];
    if (same) return p;
  }
  return NO_PORT;
}
