/*
 * DPDK's side of `deno task bench:peers`: does one measurement for each line on its standard input and
 * answers with one line, so that both sides can be measured in turn. It draws nothing itself: routes and
 * addresses are the files that the other side wrote, arrays of 32-bit words in the machine's own order.
 *
 *   peer EAL-OPTIONS -- ROUTES RANDOM COVERED
 *
 *   build lpm|fib                    seconds, routes taken; a table that was there is gone
 *   hash WHAT STREAM                 a hash over all answers, which the other side must get too
 *   time WHAT STREAM                 seconds for one pass over the stream
 *   update delete|add FROM COUNT     seconds for COUNT routes of an rte_fib, from route FROM on
 *   ring st|mt BURST ITEMS           seconds on one thread, enqueue and dequeue in turn
 *   threads st|mt BURST ITEMS        seconds (by the wall) between two threads
 *   pool object|mbuf BURST ITEMS     seconds for get and put of BURST at a time
 *
 * WHAT is lpm (rte_lpm_lookup), lpm32 (rte_lpm_lookup_bulk of 32), fib32 (rte_fib_lookup_bulk of 32).
 * Everything on one thread is timed in that thread's CPU time: a neighbour on the machine then costs
 * caches, not time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_lpm.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_version.h>

#define BURST 32
#define BURST_MAX 256
#define GROUPS 4096
#define RING_SLOTS 1024
#define POOL_OBJECTS 8191
#define POOL_CACHE 512

struct words {
	uint32_t *at;
	size_t count;
};

struct route {
	uint32_t prefix, depth, hop;
};

static struct words route_words, streams[2];
static const char *const stream_names[] = { "random", "covered" };
static struct rte_lpm *lpm;
static struct rte_fib *fib;
static volatile uint64_t sink;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "peer: %s: %s\n", what, why);
	exit(2);
}

static struct words read_words(const char *path)
{
	struct words words;
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		die(path, "cannot be opened");
	fseek(file, 0, SEEK_END);
	words.count = ftell(file) / sizeof(uint32_t);
	rewind(file);
	words.at = aligned_alloc(64, (words.count * sizeof(uint32_t) + 63) / 64 * 64);
	if (words.at == NULL || fread(words.at, sizeof(uint32_t), words.count, file) != words.count)
		die(path, "cannot be read");
	fclose(file);
	return words;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static double cpu(void)
{
	return seconds(CLOCK_THREAD_CPUTIME_ID);
}

static const struct route *route_at(size_t i)
{
	return (const struct route *)route_words.at + i;
}

static size_t route_count(void)
{
	return route_words.count / 3;
}

/* A miss of rte_fib is its default next hop, 0; so it keeps hop + 1. */
static int fib_add(const struct route *r)
{
	return rte_fib_add(fib, r->prefix, r->depth, r->hop + 1);
}

static void build(const char *what)
{
	size_t taken = 0, n = route_count();
	double began;

	if (strcmp(what, "lpm") == 0) {
		struct rte_lpm_config config = { .max_rules = n, .number_tbl8s = GROUPS };

		rte_lpm_free(lpm);
		began = cpu();
		lpm = rte_lpm_create("lpm", SOCKET_ID_ANY, &config);
		if (lpm == NULL)
			die("rte_lpm_create", rte_strerror(rte_errno));
		for (; taken < n; taken++) {
			const struct route *r = route_at(taken);

			if (rte_lpm_add(lpm, r->prefix, r->depth, r->hop) != 0)
				break;
		}
	} else {
		struct rte_fib_conf config = {
			.type = RTE_FIB_DIR24_8,
			.max_routes = 2 * n + 1024,
			.dir24_8 = { .nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = GROUPS },
		};

		rte_fib_free(fib);
		began = cpu();
		fib = rte_fib_create("fib", SOCKET_ID_ANY, &config);
		if (fib == NULL)
			die("rte_fib_create", rte_strerror(rte_errno));
		while (taken < n && fib_add(route_at(taken)) == 0)
			taken++;
	}
	printf("%.9f %zu\n", cpu() - began, taken);
}

/* Both sides test each answer for a miss, since a caller has to. */
static uint64_t pass_lpm(const struct words *stream)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < stream->count; i++) {
		uint32_t hop;

		if (rte_lpm_lookup(lpm, stream->at[i], &hop) == 0)
			sum += hop;
	}
	return sum;
}

static uint64_t pass_lpm32(const struct words *stream)
{
	uint64_t sum = 0;
	uint32_t hops[BURST];

	for (size_t i = 0; i + BURST <= stream->count; i += BURST) {
		rte_lpm_lookup_bulk(lpm, stream->at + i, hops, BURST);
		for (int k = 0; k < BURST; k++)
			if (hops[k] & RTE_LPM_LOOKUP_SUCCESS)
				sum += hops[k] & 0xffffff;
	}
	return sum;
}

static uint64_t pass_fib32(const struct words *stream)
{
	uint64_t sum = 0, hops[BURST];

	for (size_t i = 0; i + BURST <= stream->count; i += BURST) {
		rte_fib_lookup_bulk(fib, stream->at + i, hops, BURST);
		for (int k = 0; k < BURST; k++)
			if (hops[k] != 0)
				sum += hops[k] - 1;
	}
	return sum;
}

/* The answers in order, a miss as 0 and a hop as hop + 1. */
static uint32_t hash_of(const char *what, const struct words *stream)
{
	uint32_t hash = 0, hops[BURST];
	uint64_t wide[BURST];

	for (size_t i = 0; i + BURST <= stream->count; i += BURST) {
		if (strcmp(what, "lpm32") == 0)
			rte_lpm_lookup_bulk(lpm, stream->at + i, hops, BURST);
		else if (strcmp(what, "fib32") == 0)
			rte_fib_lookup_bulk(fib, stream->at + i, wide, BURST);
		for (int k = 0; k < BURST; k++) {
			uint32_t answer, hop;

			if (strcmp(what, "lpm") == 0)
				answer = rte_lpm_lookup(lpm, stream->at[i + k], &hop) == 0 ? hop + 1 : 0;
			else if (strcmp(what, "lpm32") == 0)
				answer = hops[k] & RTE_LPM_LOOKUP_SUCCESS ? (hops[k] & 0xffffff) + 1 : 0;
			else
				answer = wide[k];
			hash = hash * 31 + answer;
		}
	}
	return hash;
}

static void lookups(const char *verb, const char *what, const char *name)
{
	const struct words *stream = &streams[strcmp(name, stream_names[1]) == 0];
	double began;

	if (verb[0] == 'h') {
		printf("%" PRIu32 "\n", hash_of(what, stream));
		return;
	}
	began = cpu();
	if (strcmp(what, "lpm") == 0)
		sink += pass_lpm(stream);
	else if (strcmp(what, "lpm32") == 0)
		sink += pass_lpm32(stream);
	else
		sink += pass_fib32(stream);
	printf("%.9f\n", cpu() - began);
}

static void update(const char *what, size_t from, size_t count)
{
	double began = cpu();
	size_t done = from;

	if (strcmp(what, "add") == 0)
		while (done < from + count && fib_add(route_at(done)) == 0)
			done++;
	else
		while (done < from + count &&
		       rte_fib_delete(fib, route_at(done)->prefix, route_at(done)->depth) == 0)
			done++;
	if (done != from + count)
		die("update", "a route was refused");
	printf("%.9f\n", cpu() - began);
}

/* Elements of four bytes, as the other side has them. */
static struct rte_ring *ring_of(int single)
{
	static struct rte_ring *rings[2];

	if (rings[single] == NULL)
		rings[single] = rte_ring_create_elem(single ? "st" : "mt", 4, RING_SLOTS, SOCKET_ID_ANY,
						     single ? RING_F_SP_ENQ | RING_F_SC_DEQ : 0);
	if (rings[single] == NULL)
		die("rte_ring_create_elem", rte_strerror(rte_errno));
	return rings[single];
}

/*
 * The modes are known at compile time in each copy, as they are where an application calls the sp_ and
 * sc_ functions.
 */
static __rte_always_inline unsigned put(struct rte_ring *ring, const uint32_t *items, unsigned n, int single)
{
	return single ? rte_ring_sp_enqueue_bulk_elem(ring, items, 4, n, NULL)
		      : rte_ring_mp_enqueue_bulk_elem(ring, items, 4, n, NULL);
}

static __rte_always_inline unsigned take(struct rte_ring *ring, uint32_t *items, unsigned n, int single)
{
	return single ? rte_ring_sc_dequeue_bulk_elem(ring, items, 4, n, NULL)
		      : rte_ring_mc_dequeue_bulk_elem(ring, items, 4, n, NULL);
}

static __rte_always_inline void pairs(struct rte_ring *ring, unsigned burst, uint64_t items, int single)
{
	uint32_t buffer[BURST_MAX] = { 0 };

	for (uint64_t moved = 0; moved < items; moved += burst) {
		while (put(ring, buffer, burst, single) == 0)
			rte_pause();
		while (take(ring, buffer, burst, single) == 0)
			rte_pause();
	}
	sink += buffer[0];
}

static void ring_one_thread(int single, unsigned burst, uint64_t items)
{
	struct rte_ring *ring = ring_of(single);
	double began = cpu();

	if (single)
		pairs(ring, burst, items, 1);
	else
		pairs(ring, burst, items, 0);
	printf("%.9f\n", cpu() - began);
}

static struct {
	struct rte_ring *ring;
	uint64_t items;
	unsigned burst;
	int ready, go;
} job;

static int produce(void *unused)
{
	uint32_t buffer[BURST_MAX];

	RTE_SET_USED(unused);
	__atomic_store_n(&job.ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&job.go, __ATOMIC_ACQUIRE))
		rte_pause();
	for (uint64_t sent = 0; sent < job.items; sent += job.burst) {
		for (unsigned i = 0; i < job.burst; i++)
			buffer[i] = sent + i;
		while (put(job.ring, buffer, job.burst, 1) == 0)
			rte_pause();
	}
	return 0;
}

static int pairs_beside(void *unused)
{
	RTE_SET_USED(unused);
	__atomic_store_n(&job.ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&job.go, __ATOMIC_ACQUIRE))
		rte_pause();
	pairs(job.ring, job.burst, job.items, 0);
	return 0;
}

/* st: one produces, one consumes and looks at the order. mt: both do both, half of the items each. */
static void ring_two_threads(int single, unsigned burst, uint64_t items)
{
	unsigned other = rte_get_next_lcore(-1, 1, 0);
	uint32_t buffer[BURST_MAX];
	double began;

	if (other >= RTE_MAX_LCORE)
		die("threads", "a second lcore is needed, -l 0,1");
	job.ring = ring_of(single);
	job.burst = burst;
	job.items = single ? items : items / 2;
	job.ready = job.go = 0;
	rte_eal_remote_launch(single ? produce : pairs_beside, NULL, other);
	while (!__atomic_load_n(&job.ready, __ATOMIC_ACQUIRE))
		rte_pause();
	began = seconds(CLOCK_MONOTONIC);
	__atomic_store_n(&job.go, 1, __ATOMIC_RELEASE);
	if (single) {
		for (uint64_t got = 0; got < items; got += burst) {
			while (take(job.ring, buffer, burst, 1) == 0)
				rte_pause();
			for (unsigned i = 0; i < burst; i++)
				if (buffer[i] != (uint32_t)(got + i))
					die("threads", "items came out of order");
		}
	} else {
		pairs(job.ring, burst, job.items, 0);
	}
	rte_eal_wait_lcore(other);
	printf("%.9f\n", seconds(CLOCK_MONOTONIC) - began);
}

static struct rte_mempool *pool_of(int is_mbuf)
{
	static struct rte_mempool *pools[2];

	if (pools[is_mbuf] == NULL)
		pools[is_mbuf] = is_mbuf
			? rte_pktmbuf_pool_create("mbufs", POOL_OBJECTS, POOL_CACHE, 0,
						  RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY)
			: rte_mempool_create("objects", POOL_OBJECTS, 2048, POOL_CACHE, 0, NULL, NULL, NULL,
					     NULL, SOCKET_ID_ANY, 0);
	if (pools[is_mbuf] == NULL)
		die("mempool", rte_strerror(rte_errno));
	return pools[is_mbuf];
}

static void pool_objects(struct rte_mempool *pool, unsigned burst, uint64_t items)
{
	void *held[BURST_MAX];

	if (burst == 1)
		for (uint64_t done = 0; done < items; done++) {
			if (rte_mempool_get(pool, held) != 0)
				die("pool", "it is empty");
			rte_mempool_put(pool, held[0]);
		}
	else
		for (uint64_t done = 0; done < items; done += burst) {
			if (rte_mempool_get_bulk(pool, held, burst) != 0)
				die("pool", "it is empty");
			rte_mempool_put_bulk(pool, held, burst);
		}
}

static void pool_mbufs(struct rte_mempool *pool, unsigned burst, uint64_t items)
{
	struct rte_mbuf *held[BURST_MAX];

	if (burst == 1)
		for (uint64_t done = 0; done < items; done++) {
			held[0] = rte_pktmbuf_alloc(pool);
			if (held[0] == NULL)
				die("pool", "it is empty");
			rte_pktmbuf_free(held[0]);
		}
	else
		for (uint64_t done = 0; done < items; done += burst) {
			if (rte_pktmbuf_alloc_bulk(pool, held, burst) != 0)
				die("pool", "it is empty");
			rte_pktmbuf_free_bulk(held, burst);
		}
}

static void pool(const char *what, unsigned burst, uint64_t items)
{
	int is_mbuf = strcmp(what, "mbuf") == 0;
	struct rte_mempool *pool = pool_of(is_mbuf);
	double began = cpu();

	if (is_mbuf)
		pool_mbufs(pool, burst, items);
	else
		pool_objects(pool, burst, items);
	printf("%.9f\n", cpu() - began);
}

int main(int argc, char **argv)
{
	char line[128], verb[16], a[16], b[16], c[16];
	int used = rte_eal_init(argc, argv);

	if (used < 0)
		die("rte_eal_init", rte_strerror(rte_errno));
	if (argc - used != 4)
		die("arguments", "ROUTES RANDOM COVERED are expected after --");
	route_words = read_words(argv[used + 1]);
	streams[0] = read_words(argv[used + 2]);
	streams[1] = read_words(argv[used + 3]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s\n", rte_version());
	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned burst;
		uint64_t count;
		int n = sscanf(line, "%15s %15s %15s %15s", verb, a, b, c);

		burst = n > 2 ? strtoul(b, NULL, 10) : 0;
		count = n > 3 ? strtoull(c, NULL, 10) : 0;
		if (n == 2 && strcmp(verb, "build") == 0)
			build(a);
		else if (n == 3 && (strcmp(verb, "time") == 0 || strcmp(verb, "hash") == 0))
			lookups(verb, a, b);
		else if (n == 4 && strcmp(verb, "update") == 0)
			update(a, strtoul(b, NULL, 10), count);
		else if (n == 4 && (burst == 0 || burst > BURST_MAX))
			die("burst", "is not 1..256");
		else if (n == 4 && strcmp(verb, "ring") == 0)
			ring_one_thread(strcmp(a, "st") == 0, burst, count);
		else if (n == 4 && strcmp(verb, "threads") == 0)
			ring_two_threads(strcmp(a, "st") == 0, burst, count);
		else if (n == 4 && strcmp(verb, "pool") == 0)
			pool(a, burst, count);
		else
			die("no such measurement", line);
	}
	return 0;
}
