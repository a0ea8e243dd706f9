/** Topologies of one way: a device, some switches, and the host's memory or another device at its end. */
import { ENDPOINT_BUFFERS, type PcieLink, type PcieNode, SWITCH_BUFFERS } from "./options.ts";

/** Most switches on a way. */
export const PCIE_SWITCHES_MAX = 16;

/** A way between two nodes, and the topology that it lies in. */
export interface PciePath {
  /** For `PcieOptions.nodes`. */
  readonly nodes: readonly PcieNode[];
  /** The device at its beginning. */
  readonly src: number;
  /** Node 0 for the host's memory, or the other device. */
  readonly dst: number;
}

/**
 * A way through `switches` switches. To the host they stand above each other. Between devices the topmost of them
 * joins two columns, the left one longer by one where they cannot be equal: one switch with both devices below, three
 * where each device has one of its own. Without a switch two devices hang below two ports of the root complex, which
 * then forwards between them. O(switches).
 *
 * @param device link of each device
 * @param between every other link
 * @throws {RangeError} when `switches` is no integer in 0..16
 *
 * @example
 * ```ts
 * import { pciePath } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { nodes, src, dst } = pciePath("peer", 3);
 * assertEquals(nodes.map(({ kind }) => kind.at(0)).join(""), "rsssee");
 * assertEquals([src, dst, nodes[src]!.parent, nodes[dst]!.parent], [4, 5, 2, 3]);
 * ```
 */
export function pciePath(
  to: "host" | "peer",
  switches: number,
  device: PcieLink = { generation: 3, lanes: 8, propagationPs: 1000 },
  between: PcieLink = { generation: 3, lanes: 16, propagationPs: 1000 },
): PciePath {
  if (!(Number.isInteger(switches) && switches >= 0 && switches <= PCIE_SWITCHES_MAX)) {
    throw new RangeError(
      `Cannot build a PCIe path: switches is ${switches}, not an integer in 0..${PCIE_SWITCHES_MAX}`,
    );
  }
  const nodes: PcieNode[] = [
    { kind: "root", parent: -1, link: between, buffers: ENDPOINT_BUFFERS },
  ];
  const column = (parent: number, count: number): number => {
    for (let i = 0; i < count; i++) {
      nodes.push({ kind: "switch", parent, link: between, buffers: SWITCH_BUFFERS });
      parent = nodes.length - 1;
    }
    return parent;
  };
  const endpoint = (parent: number): number =>
    nodes.push({ kind: "endpoint", parent, link: device, buffers: ENDPOINT_BUFFERS }) - 1;
  if (to === "host") return { nodes, src: endpoint(column(0, switches)), dst: 0 };
  const top = column(0, Math.min(1, switches));
  const left = column(top, Math.ceil((switches - 1) / 2));
  const right = column(top, Math.floor((switches - 1) / 2));
  return { nodes, src: endpoint(left), dst: endpoint(right) };
}
