/**
 * The kernel's bridge as a device: the ports of a bench, and a learning bridge without spanning tree over them.
 * Fences go to addresses that are fixed to each port, which the bridge does not forget.
 */
import type { Traffic } from "../../../core/machine/scenario.ts";
import type { FenceFrame } from "./fence.ts";
import { addBridge, addFixedAddress, flushBridge, setMaster } from "./bridge_links.ts";
import { setUp } from "./links.ts";
import { FIRST_INDEX, PORTS_MAX, Rig } from "./rig.ts";

const BRIDGE_INDEX = FIRST_INDEX + PORTS_MAX;
const FENCE_BYTES = 60;

/** A frame into a port of a bridge, or out of one. */
export interface PortFrame {
  /** The port. */
  readonly port: number;
  /** Ethernet frame without FCS. */
  readonly bytes: Uint8Array;
}

/** A bridge that lasts until it is closed; `checkBridge` judges it. */
export interface LiveBridge {
  /** Name in reports. */
  readonly name: string;
  /** Ports. */
  readonly ports: number;
  /**
   * Empties its table, sends frames one after the other, and answers all that came out.
   * @throws {FenceLost} when it is not certain that all has come out
   */
  exchange(frames: readonly PortFrame[]): readonly PortFrame[];
  /** Takes it down. */
  close(): void;
}

/**
 * The kernel's bridge over so many ports.
 *
 * @throws {SystemCallError} naming the permission that is missing
 * @example
 * ```ts
 * import { bridgeDevice } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * // needs CAP_NET_ADMIN and CAP_SYS_ADMIN:
 * // const bridge = bridgeDevice();
 * // checkBridge(bridge);
 * assertEquals(typeof bridgeDevice, "function");
 * ```
 */
export function bridgeDevice(ports = 4): LiveBridge {
  const rig = new Rig(ports, {}, true);
  const { netlink } = rig;
  addBridge(netlink, BRIDGE_INDEX, "pcbr");
  setUp(netlink, BRIDGE_INDEX);
  for (let p = 0; p < ports; p++) {
    setMaster(netlink, FIRST_INDEX + p, BRIDGE_INDEX);
    addFixedAddress(netlink, FIRST_INDEX + p, fenceMac(p));
  }
  const fence: FenceFrame = (ingress, egress) => {
    // a bridge sends nothing back where it came in
    if (ingress === egress) return null;
    const frame = new Uint8Array(FENCE_BYTES);
    frame.set([...fenceMac(egress), ...fenceMac(ingress), 0x88, 0xb5]);
    return frame;
  };
  return {
    name: "bridge",
    ports,
    exchange(frames) {
      flushBridge(netlink, BRIDGE_INDEX);
      const sent = rig.exchange.run(trafficOf(frames), ports, fence);
      return sent.frames.map(({ port, offset, length }) => {
        return { port, bytes: sent.bytes.slice(offset, offset + length) };
      });
    },
    close: () => rig.close(),
  };
}

function fenceMac(port: number): Uint8Array {
  return Uint8Array.of(2, 0xfe, 0, 0, 0, port);
}

function trafficOf(frames: readonly PortFrame[]): Traffic {
  const length = Uint32Array.from(frames, ({ bytes }) => bytes.length);
  const offset = new Uint32Array(frames.length);
  for (let i = 1; i < frames.length; i++) offset[i] = offset[i - 1]! + length[i - 1]!;
  const bytes = new Uint8Array(length.reduce((sum, n) => sum + n, 0));
  frames.forEach((frame, i) => bytes.set(frame.bytes, offset[i]));
  return {
    count: frames.length,
    port: Uint8Array.from(frames, ({ port }) => port),
    at: new Float64Array(frames.length),
    offset,
    length,
    bytes,
  };
}
