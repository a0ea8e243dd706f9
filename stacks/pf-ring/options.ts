/** What can be set on vanilla PF_RING, with the defaults of module, library and examples. */
import type { BpfInsn } from "./bpf.ts";
import type { ClusterType } from "./cluster_hash.ts";
import type { HashRule, WildcardRule } from "./filters.ts";
import type { PcapSavefile } from "./pcap.ts";
import type { PacketDirection } from "./socket.ts";

/** An application; names in brackets are those of library and examples. */
export interface PfRingApplication {
  /**
   * `"router"`: receives, routes in the mapped ring and sends [pfbridge]. `"pfcount"`: counts. `"reflector"`: leaves it
   * to a rule in the kernel to send what port 2k receives out of port 2k + 1, and the other way round. `"pfsend"`: sends
   * frames of its own.
   */
  readonly application: "router" | "pfcount" | "reflector" | "pfsend";
  /**
   * Sockets and processes: one for each port, on any channel; one for each port and receive queue [eth0@3], on that
   * queue's lcore; or `processes` of them on all ports, in one cluster. `"device"`.
   */
  readonly open?: "device" | "channel" | "cluster";
  /** Processes of a cluster, in turn on the lcores; 3. */
  readonly processes?: number;
  /** How a cluster shares packets out [pfring_set_cluster]; `"per_flow"`. */
  readonly clusterType?: ClusterType;
  /** Bytes captured of each packet [caplen, bucket_len]; 128, 1536 of a router. */
  readonly caplen?: number;
  /** Slots have the long header [PF_RING_LONG_HEADER]; false. */
  readonly longHeader?: boolean;
  /** Packets that wait before a sleeping reader is woken [pfring_set_poll_watermark]; 128, 1 of a router. */
  readonly watermark?: number;
  /** Milliseconds since the last wake-up after which any packet wakes it [..._timeout]; 0: none. */
  readonly watermarkTimeoutMs?: number;
  /** Milliseconds that poll(2) waits at most [pfring_set_poll_duration]; 500. */
  readonly pollDurationMs?: number;
  /** `"poll"` sleeps in poll(2) where there is nothing, `"active"` looks again [pfcount -a]; `"poll"`. */
  readonly wait?: "poll" | "active";
  /** Packets are copied out of the ring as well [pfring_recv with a buffer]; false. */
  readonly copies?: boolean;
  /** Packets that are seen [pfring_set_direction]; `"rx-and-tx"`, `"rx"` of what sends. */
  readonly direction?: PacketDirection;
  /** Every how many-th packet is taken [pfring_set_sampling_rate]; 1. */
  readonly samplingRate?: number;
  /** [pfring_set_bpf_filter], as `tcpdump -dd` prints it. */
  readonly bpf?: readonly BpfInsn[];
  /** [pfring_handle_hash_filtering_rule] */
  readonly hashRules?: readonly HashRule[];
  /** [pfring_add_filtering_rule] */
  readonly wildcardRules?: readonly WildcardRule[];
  /** What no rule matches is taken [pfring_toggle_filtering_policy]; true. */
  readonly acceptByDefault?: boolean;
  /** Only packets of this VLAN [pfring_set_vlan_id]; 0: any. */
  readonly vlanId?: number;
  /** Cycles that a process spends on each packet besides; 0. */
  readonly packetCycles?: number;
  /** pfsend: frames that each of its processes sends [-n]; 1000. */
  readonly frames?: number;
  /** pfsend: bytes of a frame without FCS [-l]; 60. */
  readonly frameBytes?: number;
  /** Packets are read by libpcap and written to a file [tcpdump -w]; none. */
  readonly savefile?: PcapSavefile;
  /** What happens to its processes while packets flow, in order of time. */
  readonly events?: readonly PfRingEvent[];
}

/** A process stops to read, goes on, is killed, or leaves and joins its cluster. */
export interface PfRingEvent {
  /** Microsecond at which it happens, once lcore 0 gets to it. */
  readonly atUs: number;
  /** Number of the process, in the order in which they were started. */
  readonly process: number;
  /** What happens. */
  readonly what: "stop" | "continue" | "kill" | "leave" | "join";
}

/** Knobs of module and kernel; names in brackets are their own. */
export interface PfRingOptions {
  /** The first one decides what becomes of packets, unless the kernel forwards; a router alone. */
  readonly applications?: readonly PfRingApplication[];
  /** Slots of full length that a ring has room for [min_num_slots]; 4096. */
  readonly minNumSlots?: number;
  /** Packets that are sent are seen too [enable_tx_capture]; true. */
  readonly enableTxCapture?: boolean;
  /** Fragments reach the socket of their first one [enable_frag_coherence]; true. */
  readonly enableFragCoherence?: boolean;
  /** One socket for each channel, no parsing, no filters [quick_mode]; false. */
  readonly quickMode?: boolean;
  /** Rings are locked whoever writes to them [force_ring_lock]; false. */
  readonly forceRingLock?: boolean;
  /** The kernel forwards what it receives, and applications only listen [net.ipv4.ip_forward]; false. */
  readonly ipForward?: boolean;
  /** IPv4 address of each port [ip address add]: what is sent to it is for the kernel, which answers pings. */
  readonly addresses?: readonly number[];
  /** Packets of each queueing discipline [txqueuelen]; 1000. */
  readonly txqueuelen?: number;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; absent, adaptive. */
  readonly itrUs?: number;
}
