/** The tables of one VPP, as its nodes and its CLI share them. */
import type { Cpu, Env } from "../../core/stack.ts";
import { AdjacencyTable } from "./adjacency.ts";
import type { FeatureArcs } from "./feature.ts";
import { Interfaces } from "./interfaces.ts";
import { Ip4Fib } from "./ip4_fib.ts";
import { Ip6Fib } from "./ip6_fib.ts";
import { L2Tables } from "./l2_tables.ts";
import { LoadBalances } from "./load_balance.ts";
import type { MainLoop } from "./main_loop.ts";
import type { VppSettings } from "./options.ts";
import type { VnetMain } from "./vnet_main.ts";

/** The tables; arcs are set once the graph is there, loops once the threads are. */
export class Vnet implements VnetMain {
  readonly interfaces: Interfaces;
  readonly adjacencies: AdjacencyTable;
  readonly loadBalances: LoadBalances;
  readonly fib: Ip4Fib;
  readonly fib6: Ip6Fib;
  readonly l2 = new L2Tables();
  readonly arpPlace: number;
  readonly throttleCycles: number;
  features!: FeatureArcs;
  loops: readonly MainLoop[] = [];

  constructor(readonly env: Env, readonly settings: VppSettings) {
    const { lcores, neighbours, memory } = env;
    this.interfaces = new Interfaces(env.ports.length, lcores);
    this.adjacencies = new AdjacencyTable(neighbours.portMac, lcores);
    this.loadBalances = new LoadBalances(lcores);
    this.fib = new Ip4Fib(memory, this.loadBalances);
    this.fib6 = new Ip6Fib(this.loadBalances);
    this.arpPlace = settings.neighbours.length === 0 ? -1 : env.place("ip4-arp", 0);
    this.throttleCycles = settings.throttleUs * env.cost("mhz");
  }

  wake(from: Cpu, thread: number): void {
    from.wake(this.loops[thread]!.context);
  }
}
