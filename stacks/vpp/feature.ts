/**
 * Feature arcs: the nodes that a packet goes through between two fixed points of the graph, as they are enabled on its
 * interface. An interface's features are a string of node indices in one heap, in the order that their constraints
 * give, closed by the node where the arc ends; a buffer carries how far it is. What is not enabled is not in the
 * string, and costs nothing.
 *
 * Source: VPP src/vnet/feature/feature.h (vnet_feature_arc_start, vnet_feature_next), registration.c.
 */
import { CONFIG } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { Graph, NodeRuntime } from "./vlib_node.ts";

/** A node on an arc, and its constraints (vnet_feature_registration_t). */
export interface FeatureRegistration {
  readonly node: string;
  readonly runsBefore?: readonly string[];
  readonly runsAfter?: readonly string[];
}

/**
 * The order of an arc's features: each after those that it runs after, otherwise as registered.
 * @throws {RangeError} when the constraints go in a circle
 */
export function featureOrder(features: readonly FeatureRegistration[]): string[] {
  const left = features.map(({ node }) => node);
  const before = (a: FeatureRegistration, b: string): boolean =>
    (a.runsBefore ?? []).includes(b) ||
    (features.find(({ node }) => node === b)!.runsAfter ?? []).includes(a.node);
  const order: string[] = [];
  while (left.length > 0) {
    const at = left.findIndex((node) =>
      !features.some((other) => left.includes(other.node) && before(other, node))
    );
    if (at < 0) throw new RangeError(`Cannot order features: ${left.join(", ")} go in a circle`);
    order.push(...left.splice(at, 1));
  }
  return order;
}

/** One arc. */
export class FeatureArc {
  readonly name: string;
  /** Its features in order. */
  readonly order: readonly string[];
  readonly registrations: readonly FeatureRegistration[];
  /** By sw_if_index, where the interface's string begins in the heap; -1 without features. */
  readonly start: number[] = [];
  /** By sw_if_index, the features that are enabled. */
  readonly enabled: Set<string>[] = [];
  readonly #graph: Graph;
  readonly #starts: readonly number[];
  readonly #heap: number[] = [];

  /** An arc that packets enter from each of `starts`. */
  constructor(
    graph: Graph,
    name: string,
    starts: readonly string[],
    features: readonly FeatureRegistration[],
  ) {
    this.#graph = graph;
    this.name = name;
    this.registrations = features;
    this.order = featureOrder(features);
    this.#starts = starts.map((start) => graph.index(start));
  }

  /** An interface has come up, without features. */
  addInterface(index: number): void {
    this.start[index] = -1;
    this.enabled[index] = new Set();
  }

  /** Enables or disables a feature on an interface whose arc ends at node `end`. */
  set(index: number, feature: string, enable: boolean, end: number): void {
    const enabled = this.enabled[index]!;
    if (enable) enabled.add(feature);
    else enabled.delete(feature);
    if (enabled.size === 0) {
      this.start[index] = -1;
      return;
    }
    const nodes = this.order.filter((each) => enabled.has(each)).map((each) =>
      this.#graph.index(each)
    );
    const chain = [...nodes, end];
    for (const from of [...this.#starts, ...nodes]) {
      for (const to of chain) if (to !== from) this.#graph.addNext(from, to);
    }
    this.start[index] = this.#heap.length;
    this.#heap.push(...chain);
  }

  /** Puts a buffer on the string at `config`; answers the next index of `node` (vnet_feature_arc_start). */
  begin(vm: VlibMain, node: NodeRuntime, config: number, b: number): number {
    vm.buffers.words[vm.buffers.row(b) + CONFIG] = config + 1;
    return node.node.nextOf[this.#heap[config]!]!;
  }

  /** The next index of feature `node` for a buffer that goes on (vnet_feature_next). */
  next(vm: VlibMain, node: NodeRuntime, b: number): number {
    const at = vm.buffers.row(b) + CONFIG;
    const config = vm.buffers.words[at]!;
    vm.buffers.words[at] = config + 1;
    return node.node.nextOf[this.#heap[config]!]!;
  }

  /** Node indices of an interface's string, end included; for the audit. */
  string(index: number): readonly number[] {
    const start = this.start[index] ?? -1;
    return start < 0 ? [] : this.#heap.slice(start, start + this.enabled[index]!.size + 1);
  }
}

/** All arcs. */
export interface FeatureArcs {
  readonly deviceInput: FeatureArc;
  readonly ip4Unicast: FeatureArc;
}

/** The arcs, by name. */
export function arcNamed(arcs: FeatureArcs, name: string): FeatureArc | undefined {
  return Object.values(arcs).find((arc: FeatureArc) => arc.name === name);
}
