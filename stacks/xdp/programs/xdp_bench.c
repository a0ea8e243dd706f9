/* One program for each thing that XDP can do with a packet, after xdp-bench of xdp-tools. */
#include "xdp.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_devmap_val));
	__uint(max_entries, 64);
} tx_port SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_cpumap_val));
	__uint(max_entries, 16);
} cpu_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 64);
} xsks_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 4);
} jump_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 4);
} settings SEC(".maps");

struct lpm_key {
	__u32 prefixlen;
	__be32 addr;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct lpm_key);
	__type(value, __u32);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} acl SEC(".maps");

static __always_inline void count(__u32 key)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &key);

	if (value)
		*value += 1;
}

static __always_inline void swap_macs(struct ethhdr *eth)
{
	__u8 mac[6];

	__builtin_memcpy(mac, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, mac, 6);
}

SEC("xdp")
int xdp_drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int xdp_aborted(struct xdp_md *ctx)
{
	return XDP_ABORTED;
}

SEC("xdp")
int xdp_invalid(struct xdp_md *ctx)
{
	return 77;
}

SEC("xdp")
int xdp_tx(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	swap_macs(eth);
	return XDP_TX;
}

/* To the port that `tx_port` has for this one. */
SEC("xdp")
int xdp_redirect_map(struct xdp_md *ctx)
{
	count(0);
	return bpf_redirect_map(&tx_port, ctx->ingress_ifindex, XDP_PASS);
}

/* To the interface that `settings[0]` names, without a map. */
SEC("xdp")
int xdp_redirect(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u32 *ifindex = bpf_map_lookup_elem(&settings, &key);

	return ifindex ? bpf_redirect(*ifindex, 0) : XDP_ABORTED;
}

/* The second program of a devmap entry: marks what leaves, and drops what has UDP port 7. */
SEC("xdp/devmap")
int xdp_egress(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *iph = (void *)(eth + 1);
	struct udphdr *udp = (void *)(iph + 1);

	if ((void *)(udp + 1) > end)
		return XDP_DROP;
	eth->h_source[5] = ctx->egress_ifindex;
	return udp->dest == bpf_htons(7) ? XDP_DROP : XDP_PASS;
}

/* To the CPU that `settings[1]` names; the stack runs there. */
SEC("xdp")
int xdp_redirect_cpu(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u32 *cpu = bpf_map_lookup_elem(&settings, &key);

	return cpu ? bpf_redirect_map(&cpu_map, *cpu, 0) : XDP_ABORTED;
}

/* The program of a cpumap entry. */
SEC("xdp/cpumap")
int xdp_on_cpu(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	count(1);
	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	return eth->h_source[5] == 0xee ? XDP_DROP : XDP_PASS;
}

/* What libxdp attaches for an AF_XDP socket. */
SEC("xdp")
int xsk_def_prog(struct xdp_md *ctx)
{
	return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS);
}

/* Drops by source address. */
SEC("xdp")
int xdp_acl(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *iph = (void *)(eth + 1);
	struct lpm_key key = { .prefixlen = 32 };
	__u32 *verdict;

	if ((void *)(iph + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	key.addr = iph->saddr;
	verdict = bpf_map_lookup_elem(&acl, &key);
	return verdict ? *verdict : XDP_PASS;
}

/* Writes the queue's number into the metadata in front of the packet. */
SEC("xdp")
int xdp_meta(struct xdp_md *ctx)
{
	__u32 *meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_ABORTED;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	*meta = 0xfeed0000 | ctx->rx_queue_index;
	return XDP_PASS;
}

/* Takes an outer header of `settings[2]` bytes off, or puts one on. */
SEC("xdp")
int xdp_adjust(struct xdp_md *ctx)
{
	__u32 key = 2;
	__u32 *delta = bpf_map_lookup_elem(&settings, &key);

	if (!delta || bpf_xdp_adjust_head(ctx, *delta))
		return XDP_ABORTED;
	return XDP_PASS;
}

/* Calls itself until the kernel says that it is enough. */
SEC("xdp")
int xdp_tail(struct xdp_md *ctx)
{
	count(2);
	bpf_tail_call(ctx, &jump_table, 0);
	count(3);
	return XDP_PASS;
}

/* A function that is called, and a loop with an end. */
static __noinline __u32 sum_bytes(const __u8 *bytes, __u32 n)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < 16 && i < n; i++)
		sum += bytes[i];
	return sum;
}

SEC("xdp")
int xdp_calls(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	__u8 *data = (void *)(long)ctx->data;

	if (data + 16 > (__u8 *)end)
		return XDP_PASS;
	return sum_bytes(data, 14) & 1 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
