/**
 * ip4-lookup: mtrie, load balance, DPO. Four look-ups are under way at once in the quad loop; each is at most three
 * dependent loads. What leads nowhere leads to the default route's drop. ip4-load-balance does the same with a load
 * balance that the buffer has already.
 *
 * Source: VPP src/vnet/ip/ip4_forward.h (ip4_lookup_inline), ip4_forward.c (ip4_load_balance), ip_flow_hash.h.
 */
import { ipv4Dst } from "../../core/packet/mod.ts";
import type { Mtrie } from "../../core/fib/mtrie.ts";
import { ip4FlowHash } from "./flow_hash.ts";
import { DPO, LB_DROP } from "./load_balance.ts";
import { ADJ, EPOCH, FLOW_HASH } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeFunction, NodeRegistration } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes by DPO type (IP4_LOOKUP_NEXT_NODES). */
const NEXT_NODES = ["ip4-drop", "ip4-punt", "ip4-local", "ip4-arp", "ip4-glean", "ip4-rewrite"];

/** ip4-lookup and ip4-load-balance. */
export function ip4LookupNodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  return [
    {
      name: "ip4-lookup",
      type: "internal",
      nextNodes: NEXT_NODES,
      cost: costs.looped("ip4-lookup"),
      fn: ip4Lookup(vnet),
    },
    {
      name: "ip4-load-balance",
      type: "internal",
      nextNodes: NEXT_NODES,
      cost: costs.of("ip4-load-balance"),
      fn(vm, node, frame) {
        for (let i = 0; i < frame.nVectors; i++) {
          const b = frame.buffers[i]!;
          const loadBalance = vm.buffers.words[vm.buffers.row(b) + ADJ]!;
          vm.nexts[i] = follow(vnet, vm, b, loadBalance);
        }
        vm.enqueueToNext(node, frame.buffers, vm.nexts, frame.nVectors);
        return frame.nVectors;
      },
    },
  ];
}

function ip4Lookup(vnet: VnetMain): NodeFunction {
  const { loop } = vnet.settings;
  const width = loop === "quad" ? 4 : loop === "dual" ? 2 : 1;
  const destinations = new Uint32Array(width);
  const leaves = new Int32Array(width);
  return (vm, node, frame) => {
    const { bytes, offset } = vm.memory;
    const { mtrie }: { readonly mtrie: Mtrie } = vnet.fib;
    const { buffers, nVectors: n } = frame;
    let i = 0;
    if (width > 1) {
      for (; i + width <= n; i += width) {
        for (let k = 0; k < width; k++) {
          destinations[k] = ipv4Dst(bytes, offset[buffers[i + k]!]!);
        }
        mtrie.lookupBulk(destinations, leaves, width);
        for (let k = 0; k < width; k++) {
          const leaf = leaves[k]!;
          vm.nexts[i + k] = follow(vnet, vm, buffers[i + k]!, leaf < 0 ? LB_DROP : leaf);
        }
      }
    }
    for (; i < n; i++) {
      const b = buffers[i]!;
      vm.nexts[i] = follow(vnet, vm, b, vnet.fib.lookup(ipv4Dst(bytes, offset[b]!)));
    }
    vm.enqueueToNext(node, buffers, vm.nexts, n);
    return n;
  };
}

/** Picks the bucket of a load balance for buffer `b`; answers the next that its DPO leads to. */
function follow(vnet: VnetMain, vm: VlibMain, b: number, loadBalance: number): number {
  const { loadBalances, adjacencies } = vnet;
  const row = vm.buffers.row(b);
  const { words } = vm.buffers;
  const mask = loadBalances.mask[loadBalance]!;
  let bucket = loadBalances.base[loadBalance]!;
  if (mask > 0) {
    const hash = ip4FlowHash(vm.memory.bytes, vm.memory.offset[b]!);
    words[row + FLOW_HASH] = hash;
    bucket += hash & mask;
  }
  const type = loadBalances.type[bucket]!;
  const index = loadBalances.dpo[bucket]!;
  words[row + ADJ] = index;
  words[row + EPOCH] = vm.shared.epoch;
  loadBalances.count(vm.thread, loadBalance, vm.memory.length[b]!);
  return type === DPO.adjacency && adjacencies.complete[index] === 0 ? DPO.arp : type;
}
