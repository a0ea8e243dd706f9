/** What nodes share beyond the graph itself: interfaces, tables, feature arcs, options. */
import type { Cpu, Env } from "../../core/stack.ts";
import type { AdjacencyTable } from "./adjacency.ts";
import type { FeatureArcs } from "./feature.ts";
import type { Interfaces } from "./interfaces.ts";
import type { Ip4Fib } from "./ip4_fib.ts";
import type { Ip6Fib } from "./ip6_fib.ts";
import type { L2Tables } from "./l2_tables.ts";
import type { LoadBalances } from "./load_balance.ts";
import type { VppSettings } from "./options.ts";

/** The control plane's tables, which the data plane reads. */
export interface VnetMain {
  readonly env: Env;
  readonly settings: VppSettings;
  readonly interfaces: Interfaces;
  readonly adjacencies: AdjacencyTable;
  readonly loadBalances: LoadBalances;
  readonly fib: Ip4Fib;
  readonly fib6: Ip6Fib;
  readonly l2: L2Tables;
  readonly features: FeatureArcs;
  /** Packets that wait behind a node's queue are judged by its place: where unresolved ones are dropped. */
  readonly arpPlace: number;
  /** Cycles between two requests for one address. */
  readonly throttleCycles: number;
  /** Wakes another thread's loop. */
  wake(from: Cpu, thread: number): void;
}
