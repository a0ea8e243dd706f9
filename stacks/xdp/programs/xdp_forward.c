/*
 * Two routers, as xdp-forward of xdp-tools is one: the kernel's own table and neighbours answer
 * (bpf_fib_lookup), what they resolve leaves by a devmap, everything else goes to the stack.
 *
 * xdp_fwd   looks at what xdp-forward looks at: TTL and the lookup's answer. Header checksum, lengths
 *           and the destination MAC address are trusted, the common defect of such programs.
 * xdp_fwd_strict  looks at all that the kernel looks at (ip_rcv_core, eth_type_trans), so that what it
 *           forwards is what the kernel would have forwarded.
 */
#include "xdp.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_devmap_val));
	__uint(max_entries, 64);
} xdp_tx_ports SEC(".maps");

struct port_mac {
	__u8 addr[6];
	__u8 pad[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct port_mac);
	__uint(max_entries, 64);
} port_macs SEC(".maps");

static __always_inline int route4(struct xdp_md *ctx, struct ethhdr *eth, struct iphdr *iph)
{
	struct bpf_fib_lookup fib = {};
	__u32 check;
	int rc;

	fib.family = AF_INET;
	fib.tos = iph->tos;
	fib.l4_protocol = iph->protocol;
	fib.tot_len = bpf_ntohs(iph->tot_len);
	fib.ipv4_src = iph->saddr;
	fib.ipv4_dst = iph->daddr;
	fib.ifindex = ctx->ingress_ifindex;

	rc = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		return XDP_PASS;
	/* an egress that takes no XDP frames is left to the stack */
	if (!bpf_map_lookup_elem(&xdp_tx_ports, &fib.ifindex))
		return XDP_PASS;

	check = iph->check;
	check += bpf_htons(0x0100);
	iph->check = (__u16)(check + (check >= 0xffff));
	iph->ttl--;
	__builtin_memcpy(eth->h_dest, fib.dmac, 6);
	__builtin_memcpy(eth->h_source, fib.smac, 6);
	return bpf_redirect_map(&xdp_tx_ports, fib.ifindex, 0);
}

static __always_inline int route6(struct xdp_md *ctx, struct ethhdr *eth, struct ipv6hdr *ip6h)
{
	struct bpf_fib_lookup fib = {};
	int rc;

	if (ip6h->hop_limit <= 1)
		return XDP_PASS;
	fib.family = AF_INET6;
	fib.l4_protocol = ip6h->nexthdr;
	fib.tot_len = bpf_ntohs(ip6h->payload_len);
	__builtin_memcpy(fib.ipv6_src, &ip6h->saddr, 16);
	__builtin_memcpy(fib.ipv6_dst, &ip6h->daddr, 16);
	fib.ifindex = ctx->ingress_ifindex;
	rc = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		return XDP_PASS;
	if (!bpf_map_lookup_elem(&xdp_tx_ports, &fib.ifindex))
		return XDP_PASS;
	ip6h->hop_limit--;
	__builtin_memcpy(eth->h_dest, fib.dmac, 6);
	__builtin_memcpy(eth->h_source, fib.smac, 6);
	return bpf_redirect_map(&xdp_tx_ports, fib.ifindex, 0);
}

SEC("xdp")
int xdp_fwd(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *iph;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6h = (void *)(eth + 1);

		if ((void *)(ip6h + 1) > end)
			return XDP_DROP;
		return route6(ctx, eth, ip6h);
	}
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	iph = (void *)(eth + 1);
	if ((void *)(iph + 1) > end)
		return XDP_DROP;
	if (iph->ttl <= 1)
		return XDP_PASS;
	return route4(ctx, eth, iph);
}

SEC("xdp")
int xdp_fwd_strict(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *iph = (void *)(eth + 1);
	__u32 ifindex = ctx->ingress_ifindex;
	struct port_mac *own;
	__u32 sum, len;

	if ((void *)(iph + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	own = bpf_map_lookup_elem(&port_macs, &ifindex);
	if (!own || !same_mac(own->addr, eth->h_dest))
		return XDP_PASS;
	if (iph->version != 4 || iph->ihl < 5 || iph->ttl <= 1)
		return XDP_PASS;
	len = bpf_ntohs(iph->tot_len);
	if (len < iph->ihl * 4 || (void *)iph + len > end)
		return XDP_PASS;
	sum = bpf_csum_diff(0, 0, (__be32 *)iph, sizeof(*iph), 0);
	sum = (sum & 0xffff) + (sum >> 16);
	/*
	 * Options are summed up and left as they are: to pass such packets to the stack would let those
	 * behind them overtake, since the stack sends at once and a devmap gathers.
	 */
	for (int i = 5; i < 15 && i < iph->ihl; i++) {
		__u16 *word = (void *)iph + i * 4;

		if ((void *)(word + 2) > end)
			return XDP_PASS;
		sum += word[0] + word[1];
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (sum != 0xffff)
		return XDP_PASS;
	return route4(ctx, eth, iph);
}

char _license[] SEC("license") = "GPL";
