/**
 * The kernel module: sockets and clusters, and the handler that sees every frame that a driver hands up or takes
 * (packet_rcv, a packet type of ETH_P_ALL). It parses a packet once, then gives it to each socket of its device and
 * to one socket of each cluster. The skb goes on up the stack whatever becomes of it here: the module copies, and
 * where a rule reflects a packet, what is sent is a clone.
 *
 * In quick mode a device's channel has one socket at most, and gets its packets unparsed and unfiltered.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (packet_rcv, pf_ring_skb_ring_handler, reflect_packet).
 */
import type { Context } from "../../core/host/context.ts";
import type { NetifReceive } from "../../core/linux/netif_receive.ts";
import type { PacketType } from "../../core/linux/tap.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { Cluster } from "./cluster.ts";
import { clusterHash, type ClusterType } from "./cluster_hash.ts";
import type { FilterVerdict } from "./filters.ts";
import { FragmentCache } from "./fragment_cache.ts";
import type { CopiedSkbs } from "./kernel_env.ts";
import type { ModuleCosts } from "./module_costs.ts";
import { ParsedPkt } from "./parse_pkt.ts";
import { SkbCache } from "./skb_cache.ts";
import type { PfRingSocket } from "./socket.ts";

/** Parameters of the module; names in brackets are its own. */
export interface ModuleSettings {
  readonly enableTxCapture: boolean;
  readonly enableFragCoherence: boolean;
  readonly quickMode: boolean;
}

/** The module. */
export class PfRingModule {
  readonly settings: ModuleSettings;
  readonly sockets: PfRingSocket[] = [];
  readonly clusters: Cluster[] = [];
  readonly fragments = new FragmentCache();
  /** Packets of the receive path, and of the transmit path, that the handler saw. */
  seen = 0;
  seenTx = 0;
  readonly #env: Env;
  readonly #costs: ModuleCosts;
  readonly #copied: CopiedSkbs;
  readonly #parsed = new ParsedPkt();
  /** Receivers of the kernel by lcore, which reflected packets leave by. */
  #receivers: readonly NetifReceive[] = [];
  readonly #skbs: SkbCache[] = [];

  constructor(env: Env, costs: ModuleCosts, settings: ModuleSettings, copied: CopiedSkbs) {
    this.#env = env;
    this.#costs = costs;
    this.settings = settings;
    this.#copied = copied;
  }

  /** Packets are reflected by way of these. */
  reflectBy(receivers: readonly NetifReceive[]): void {
    this.#receivers = receivers;
    for (let lcore = 0; lcore < this.#env.lcores; lcore++) {
      this.#skbs.push(new SkbCache(this.#env, lcore));
    }
  }

  /** The packet type of an lcore. */
  packetType(): PacketType {
    return {
      see: (cpu, skb, port, way) => this.#handle(cpu, skb, port, way === "rx"),
    };
  }

  /** The cluster of an id; made when the first socket joins, which also decides its type. */
  cluster(id: number, type: ClusterType): Cluster {
    const found = this.clusters.find((one) => one.id === id);
    if (found !== undefined) return found;
    const fragments = this.settings.enableFragCoherence ? this.fragments : null;
    const made = new Cluster(id, type, fragments);
    this.clusters.push(made);
    return made;
  }

  /** Takes a socket away, from its cluster too (ring_release). */
  release(socket: PfRingSocket): void {
    socket.active = false;
    this.clusters.find((one) => one.id === socket.clusterId)?.leave(socket);
    this.sockets.splice(this.sockets.indexOf(socket), 1);
  }

  /** pf_ring_skb_ring_handler. */
  #handle(cpu: Cpu, skb: number, port: number, received: boolean): void {
    if (this.sockets.length === 0) return;
    const { handler, parse, hash } = this.#costs;
    cpu.charge(handler);
    if (received) this.seen++;
    else {
      if (!this.settings.enableTxCapture) return;
      this.seenTx++;
    }
    const queue = cpu.lcore;
    if (this.settings.quickMode) return this.#quick(cpu, skb, port, queue, received);
    const { bytes, offset, length } = this.#env.memory;
    const parsed = this.#parsed;
    cpu.charge(parse + hash);
    parsed.parse(bytes, offset[skb]!, length[skb]!);
    const pktHash = clusterHash("per_flow", parsed);
    for (const socket of this.sockets) {
      if (socket.clusterId >= 0 || !socket.sees(port, queue, received, parsed.vlanId)) continue;
      this.#give(cpu, socket, skb, port, received, pktHash);
    }
    for (const cluster of this.clusters) {
      const chosen = cluster.choose(parsed, (cpu as Context).nowPs);
      if (chosen.length > 0) cluster.watch.shared(this.#env.memory, skb, chosen, cluster.sockets);
      for (const socket of chosen) {
        if (!socket.sees(port, queue, received, parsed.vlanId)) continue;
        this.#give(cpu, socket, skb, port, received, pktHash);
      }
    }
  }

  #quick(cpu: Cpu, skb: number, port: number, queue: number, received: boolean): void {
    for (const socket of this.sockets) {
      if (!socket.sees(port, queue, received, 0)) continue;
      this.#add(cpu, socket, skb, received, 0, port);
      return;
    }
  }

  /** add_skb_to_ring: filters, then the copy, or what a rule says instead. */
  #give(
    cpu: Cpu,
    socket: PfRingSocket,
    skb: number,
    port: number,
    received: boolean,
    hash: number,
  ): void {
    const { bytes, offset, length } = this.#env.memory;
    const verdict = socket.filters.judge(
      this.#parsed,
      bytes,
      offset[skb]!,
      length[skb]!,
      this.#costs.filter,
      (cycles) => cpu.charge(cycles),
    );
    if (verdict.action === "forward") this.#add(cpu, socket, skb, received, hash, port);
    else if (verdict.action !== "dont-forward") this.#reflect(cpu, socket, skb, port, verdict);
  }

  #add(
    cpu: Cpu,
    socket: PfRingSocket,
    skb: number,
    received: boolean,
    hash: number,
    port: number,
  ): void {
    socket.add(cpu, skb, received, hash, this.#parsed, port);
    if (socket.setup.carries) this.#copied.mark(skb);
  }

  /** Sends a clone out of the rule's interface, or of the one that the packet came in on (Reflect: Fwd Ok, Errors). */
  #reflect(
    cpu: Cpu,
    socket: PfRingSocket,
    skb: number,
    port: number,
    { action, reflector }: FilterVerdict,
  ): void {
    const { memory } = this.#env;
    const { kernel } = socket.ring.info;
    cpu.charge(this.#costs.reflect + this.#costs.skbAlloc);
    const clone = this.#skbs[cpu.lcore]!.get();
    if (clone < 0) {
      kernel.totFwdNotok++;
      return;
    }
    memory.copy(skb, clone);
    this.#copied.mark(skb);
    const out = action === "bounce" ? port : reflector;
    const receiver = this.#receivers[cpu.lcore]!;
    const before = receiver.qdiscs[out]!.dropped;
    receiver.xmit(cpu, clone, out);
    if (receiver.qdiscs[out]!.dropped === before) kernel.totFwdOk++;
    else kernel.totFwdNotok++;
  }
}
