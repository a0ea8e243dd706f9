/* What `flood` sends: frames of a map in turn, with a sequence number in the last four bytes, out of an interface. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FRAMES 65536 /* a power of two */
#define FRAME 60

struct frame {
	__u32 words[FRAME / 4];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct frame);
	__uint(max_entries, FRAMES);
} frames SEC(".maps");

struct state {
	__u32 ifindex;
	__u32 sent;
	__u64 first_ns, last_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct state);
	__uint(max_entries, 1);
} state SEC(".maps");

SEC("xdp") int flood(struct xdp_md *ctx)
{
	__u32 *to = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, zero = 0;
	struct state *s = bpf_map_lookup_elem(&state, &zero);
	if (!s)
		return XDP_DROP;
	__u32 at = s->sent % FRAMES;
	struct frame *f = bpf_map_lookup_elem(&frames, &at);
	if (!f || to + FRAME / 4 > end)
		return XDP_DROP;
	/* whole, since the kernel uses a buffer again as it comes back */
	for (int i = 0; i < FRAME / 4 - 1; i++)
		to[i] = f->words[i];
	to[FRAME / 4 - 1] = s->sent;
	if (s->sent % 64 == 0)
		s->last_ns = bpf_ktime_get_ns();
	if (s->sent++ == 0)
		s->first_ns = s->last_ns;
	return bpf_redirect(s->ifindex, 0);
}

char _license[] SEC("license") = "GPL";
