/**
 * acl-plugin-in-ip4-fa and ip4-source-check-via-rx: features of ip4-unicast. An access list is a list of rules of which
 * the first that matches decides; nothing matches: denied. A list with `permit+reflect` keeps a session for each flow
 * that it let through, and asks the rules once for a flow.
 *
 * Source: VPP src/plugins/acl/dataplane_node.c, src/vnet/ip/ip4_source_check.c.
 */
import { ipv4Dst, ipv4Src } from "../../core/packet/mod.ts";
import type { AclRule } from "./cli_words.ts";
import { error } from "./errors.ts";
import { ip4FlowHash } from "./flow_hash.ts";
import { DPO } from "./load_balance.ts";
import { RX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes. */
const NEXT_DROP = 0;

/** An access list. */
export interface AccessList {
  readonly rules: readonly AclRule[];
  readonly stateful: boolean;
  /** Flows that it let through, by source, destination and hash of all five fields. */
  readonly sessions: Set<string>;
}

/** Lists, and which interface uses which. */
export class Acls {
  readonly lists: AccessList[] = [];
  readonly byInterface = new Map<number, number>();

  /** `set acl-plugin acl`; answers its number. */
  add(rules: readonly AclRule[], stateful: boolean): number {
    return this.lists.push({ rules, stateful, sessions: new Set() }) - 1;
  }

  /** Whether the packet at `ip` may pass. */
  permits(index: number, bytes: Uint8Array, ip: number): boolean {
    const { rules, stateful, sessions } = this.lists[index]!;
    const src = ipv4Src(bytes, ip);
    const dst = ipv4Dst(bytes, ip);
    const flow = stateful ? `${src} ${dst} ${ip4FlowHash(bytes, ip)}` : "";
    if (stateful && sessions.has(flow)) return true;
    const rule = rules.find((each) => covers(each.src, src) && covers(each.dst, dst));
    if (rule?.permit !== true) return false;
    if (stateful) sessions.add(flow);
    return true;
  }
}

function covers(
  { address, depth }: { readonly address: number; readonly depth: number },
  of: number,
): boolean {
  return depth === 0 || (address ^ of) >>> (32 - depth) === 0;
}

/** Both features. */
export function ip4FeatureNodes(
  vnet: VnetMain,
  acls: Acls,
  costs: VppCosts,
): NodeRegistration[] {
  const list = (vm: VlibMain, b: number): number => acls.byInterface.get(rxIf(vm, b))!;
  return [
    feature(
      vnet,
      "acl-plugin-in-ip4-fa",
      "acl deny packets",
      costs.of("acl-plugin-in-ip4-fa"),
      (vm, b) => acls.permits(list(vm, b), vm.memory.bytes, vm.memory.offset[b]!),
    ),
    feature(
      vnet,
      "acl-plugin-in-ip4-fa-stateful",
      "acl deny packets",
      costs.of("acl-plugin-in-ip4-fa-stateful"),
      (vm, b) => acls.permits(list(vm, b), vm.memory.bytes, vm.memory.offset[b]!),
    ),
    feature(
      vnet,
      "ip4-source-check-via-rx",
      "ip4 unicast source check fails",
      costs.of("ip4-source-check-via-rx"),
      (vm, b) => cameByItsRoute(vnet, vm, b),
    ),
  ];
}

function rxIf(vm: VlibMain, b: number): number {
  return vm.buffers.words[vm.buffers.row(b) + RX_IF]!;
}

/** Strict reverse path: the source is routed out of the interface that the packet came in on. */
function cameByItsRoute(vnet: VnetMain, vm: VlibMain, b: number): boolean {
  const { loadBalances, adjacencies } = vnet;
  const loadBalance = vnet.fib.lookup(ipv4Src(vm.memory.bytes, vm.memory.offset[b]!));
  const base = loadBalances.base[loadBalance]!;
  for (let at = base; at <= base + loadBalances.mask[loadBalance]!; at++) {
    if (loadBalances.type[at] !== DPO.adjacency) continue;
    if (adjacencies.all[loadBalances.dpo[at]!]!.interface.index === rxIf(vm, b)) return true;
  }
  return false;
}

/** A feature that lets a packet go on or drops it. */
function feature(
  vnet: VnetMain,
  name: string,
  text: string,
  cost: NodeRegistration["cost"],
  passes: (vm: VlibMain, b: number) => boolean,
): NodeRegistration {
  return {
    name,
    type: "internal",
    nextNodes: ["ip4-drop"],
    errors: [error(text, "other")],
    cost,
    fn(vm, node, { buffers, nVectors }) {
      for (let i = 0; i < nVectors; i++) {
        const b = buffers[i]!;
        if (passes(vm, b)) vm.nexts[i] = vnet.features.ip4Unicast.next(vm, node, b);
        else {
          vm.setError(node, 0, b);
          vm.nexts[i] = NEXT_DROP;
        }
      }
      vm.enqueueToNext(node, buffers, vm.nexts, nVectors);
      return nVectors;
    },
  };
}
