/**
 * Which socket of a cluster, or which queue of a balancer, a packet belongs to: the sum of fields of its headers,
 * modulo the number of sockets. A sum is the same for both directions of a flow.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (hash_pkt_cluster), kernel/linux/pf_ring.h (cluster_type).
 */
import { PROTOCOL_TCP } from "../../core/packet/mod.ts";
import { isIp, type ParsedPkt, type Tuple } from "./parse_pkt.ts";

/** How a cluster shares packets out; `per_flow` is the default, of six fields with the VLAN. */
export type ClusterType =
  | "per_flow"
  | "round_robin"
  | "per_flow_2_tuple"
  | "per_flow_4_tuple"
  | "per_flow_5_tuple"
  | "per_flow_tcp_5_tuple"
  | "per_inner_flow"
  | "per_inner_flow_2_tuple"
  | "per_inner_flow_4_tuple"
  | "per_inner_flow_5_tuple"
  | "per_inner_flow_tcp_5_tuple"
  | "per_flow_ip_5_tuple"
  | "per_flow_ip_with_dup_tuple";

/** All cluster types. */
export const CLUSTER_TYPES: readonly ClusterType[] = [
  "per_flow",
  "round_robin",
  "per_flow_2_tuple",
  "per_flow_4_tuple",
  "per_flow_5_tuple",
  "per_flow_tcp_5_tuple",
  "per_inner_flow",
  "per_inner_flow_2_tuple",
  "per_inner_flow_4_tuple",
  "per_inner_flow_5_tuple",
  "per_inner_flow_tcp_5_tuple",
  "per_flow_ip_5_tuple",
  "per_flow_ip_with_dup_tuple",
];

/** Sum of the fields that a type looks at, as an unsigned 32-bit word. `round_robin` looks at none. */
export function clusterHash(type: ClusterType, parsed: ParsedPkt): number {
  const inner = type.startsWith("per_inner_flow");
  const tuple = inner && parsed.tunneled ? parsed.inner : parsed.outer;
  const fields = inner ? type.replace("inner_flow", "flow") : type;
  switch (fields) {
    case "per_flow_2_tuple":
      return addresses(tuple);
    case "per_flow_4_tuple":
      return (addresses(tuple) + ports(tuple)) >>> 0;
    case "per_flow_5_tuple":
      return (addresses(tuple) + ports(tuple) + tuple.protocol) >>> 0;
    case "per_flow_tcp_5_tuple":
      return tuple.protocol === PROTOCOL_TCP
        ? (addresses(tuple) + ports(tuple) + tuple.protocol) >>> 0
        : addresses(tuple);
    case "per_flow_ip_5_tuple":
      return isIp(parsed) ? (addresses(tuple) + ports(tuple) + tuple.protocol) >>> 0 : 0;
    case "per_flow_ip_with_dup_tuple":
      return tuple.src;
    case "round_robin":
      return 0;
    default:
      return (parsed.vlanId + tuple.protocol + addresses(tuple) + ports(tuple)) >>> 0;
  }
}

/** The second socket that `per_flow_ip_with_dup_tuple` gives a packet to: that of its destination. */
export function clusterHashDup(parsed: ParsedPkt): number {
  return parsed.outer.dst;
}

function addresses(tuple: Tuple): number {
  return (tuple.src + tuple.dst) >>> 0;
}

function ports(tuple: Tuple): number {
  return tuple.srcPort + tuple.dstPort;
}
