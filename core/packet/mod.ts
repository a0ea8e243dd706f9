/**
 * Packets: readers and writers of headers over (bytes, offset), a walk over all of them, checksums,
 * the RSS hash, whole frames, fragmentation and reassembly.
 */

export * from "./bytes.ts";
export * from "./ethernet.ts";
export * from "./vlan.ts";
export * from "./checksum.ts";
export * from "./ipv4.ts";
export * from "./ipv4_forward.ts";
export * from "./ipv4_text.ts";
export * from "./udp.ts";
export * from "./tcp.ts";
export * from "./icmp.ts";
export * from "./router.ts";
export * from "./toeplitz.ts";
export * from "./frame.ts";
export * from "./arp.ts";
export * from "./ipv4_options.ts";
export * from "./ipv6.ts";
export * from "./ipv6_extensions.ts";
export * from "./ipv6_checksum.ts";
export * from "./icmpv6.ts";
export * from "./vxlan.ts";
export * from "./gre.ts";
export * from "./mpls.ts";
export * from "./layers.ts";
export * from "./frame6.ts";
export * from "./ipv4_fragment.ts";
export * from "./ipv6_fragment.ts";
export * from "./mbuf_fragment.ts";
export * from "./reassembler.ts";
export * from "./toeplitz6.ts";
export * from "./reta.ts";
