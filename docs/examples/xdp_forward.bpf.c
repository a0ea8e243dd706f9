/*
 * An IPv4 router as an XDP program: longest prefix match in an LPM trie, next hops in an array, ports in a devmap.
 * What `planecheck conform --device xdp:FILE.o` fills:
 *
 *   routes  LPM trie   { u32 prefix length, address }  ->  u32 next hop
 *   hops    array      next hop                        ->  { destination MAC, source MAC, u32 port }
 *   tx      devmap     port                            ->  interface
 *
 *   clang -O2 -g -target bpf -I/usr/include/$(uname -m)-linux-gnu -c xdp_forward.bpf.c -o xdp_forward.o
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct route_key {
	__u32 depth;
	__u32 address;
};

struct hop {
	__u8 dst[ETH_ALEN];
	__u8 src[ETH_ALEN];
	__u32 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct route_key);
	__type(value, __u32);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct hop);
} hops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} tx SEC(".maps");

static __always_inline __u32 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

SEC("xdp")
int forward(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_DROP;

	/* RFC 1812, 5.2.2: version, header length, checksum, total length */
	__u32 header = ip->ihl * 4;
	__u32 total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header ||
	    total > (__u32)(end - (void *)ip))
		return XDP_DROP;
	__u32 sum = 0;
	for (int i = 0; i < 30; i++) {
		if (i * 2 >= header)
			break;
		__u16 *word = (__u16 *)ip + i;
		/* else the compiler compares lengths, of which the verifier learns nothing */
		asm volatile("" : "+r"(word));
		if ((void *)(word + 1) > end)
			return XDP_DROP;
		sum += *word;
	}
	if (fold(sum) != 0xffff)
		return XDP_DROP;
	if (ip->ttl <= 1)
		return XDP_DROP;

	struct route_key key = { .depth = 32, .address = ip->daddr };
	__u32 *next = bpf_map_lookup_elem(&routes, &key);
	if (!next)
		return XDP_DROP;
	struct hop *hop = bpf_map_lookup_elem(&hops, next);
	if (!hop)
		return XDP_DROP;

	/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m') */
	__u16 old = *(__u16 *)&ip->ttl;
	ip->ttl--;
	__u16 new = *(__u16 *)&ip->ttl;
	ip->check = ~fold((__u16)~ip->check + (__u16)~old + new);
	__builtin_memcpy(eth->h_dest, hop->dst, ETH_ALEN);
	__builtin_memcpy(eth->h_source, hop->src, ETH_ALEN);
	return bpf_redirect_map(&tx, hop->port, XDP_DROP);
}

char _license[] SEC("license") = "GPL";
