/*
 * A router on DPDK's rte_lpm, from captures to captures: what `planecheck conform --device dpdk` builds and judges,
 * and an example of a program for `--protocol pcap` (docs/external.md). It checks what RFC 1812, 5.2.2, asks for;
 * with --l3fwd it does what the l3fwd of DPDK's examples does, which looks at little: version, header length of 5 or
 * more, total length of 20 or more; TTL and checksum are changed by one without a look, a packet without a route goes
 * back, and the destination address is that of the port. Runts are then refused, as by the MAC of a NIC.
 *
 *   cc -O2 dpdk_lpm.c -o dpdk_lpm $(pkg-config --cflags --libs libdpdk)
 *   ./dpdk_lpm [--l3fwd] FOLDER
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_byteorder.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_lpm.h>
#include <rte_mbuf.h>

#define PORTS_MAX 16
#define HOPS_MAX 65536
#define BURST 32
#define RING 512
/* IEEE 802.3, 3.2.7: the longest frame without FCS that a port takes, with one tag */
#define FRAME_MIN 60
#define FRAME_MAX 1518
/* a file is at its end when nothing came in so many rounds */
#define IDLE_ROUNDS 4

struct hop {
	uint16_t port;
	struct rte_ether_addr mac;
};

static struct rte_ether_addr port_mac[PORTS_MAX];
static struct hop hops[HOPS_MAX];
static uint32_t hop_count;

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static FILE *open_in(const char *folder, const char *name)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		die(path);
	return file;
}

static uint16_t read_ports(const char *folder)
{
	FILE *file = open_in(folder, "ports.txt");
	char mac[32];
	unsigned int port;
	uint16_t count = 0;
	while (fscanf(file, "%u %31s", &port, mac) == 2) {
		if (port != count || count == PORTS_MAX ||
		    rte_ether_unformat_addr(mac, &port_mac[count]) != 0)
			die("ports.txt: expected PORT MAC");
		count++;
	}
	fclose(file);
	return count;
}

/* next hops are told by port and address; an array searched from its end finds the last ones first */
static uint32_t hop_of(uint16_t port, const struct rte_ether_addr *mac)
{
	for (uint32_t i = hop_count; i-- > 0;)
		if (hops[i].port == port && rte_is_same_ether_addr(&hops[i].mac, mac))
			return i;
	if (hop_count == HOPS_MAX)
		die("too many next hops");
	hops[hop_count] = (struct hop){ .port = port, .mac = *mac };
	return hop_count++;
}

static struct rte_lpm *read_routes(const char *folder)
{
	FILE *file = open_in(folder, "routes.txt");
	uint32_t lines = 0;
	for (int c; (c = fgetc(file)) != EOF;)
		lines += c == '\n';
	rewind(file);
	struct rte_lpm_config config = { .max_rules = lines + 1, .number_tbl8s = lines + 256 };
	struct rte_lpm *lpm = rte_lpm_create("routes", SOCKET_ID_ANY, &config);
	if (lpm == NULL)
		die("rte_lpm_create");
	unsigned int a, b, c, d, depth, port;
	char text[32];
	struct rte_ether_addr mac;
	while (fscanf(file, "%u.%u.%u.%u/%u %u %31s", &a, &b, &c, &d, &depth, &port, text) == 7) {
		if (rte_ether_unformat_addr(text, &mac) != 0)
			die("routes.txt: expected PREFIX/DEPTH PORT MAC");
		uint32_t prefix = a << 24 | b << 16 | c << 8 | d;
		if (rte_lpm_add(lpm, prefix, depth, hop_of(port, &mac)) != 0)
			die("rte_lpm_add");
	}
	fclose(file);
	return lpm;
}

/* the egress port, or -1 */
static int forward(struct rte_mbuf *m, const struct rte_lpm *lpm)
{
	const uint32_t room = rte_pktmbuf_data_len(m);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	if (rte_pktmbuf_pkt_len(m) > FRAME_MAX || room < sizeof(*eth) + sizeof(*ip) ||
	    eth->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return -1;
	const uint32_t header = rte_ipv4_hdr_len(ip);
	const uint32_t total = rte_be_to_cpu_16(ip->total_length);
	if (ip->version != 4 || header < sizeof(*ip) || total < header ||
	    total > room - sizeof(*eth))
		return -1;
	if (rte_raw_cksum(ip, header) != 0xffff || ip->time_to_live <= 1)
		return -1;
	uint32_t next;
	if (rte_lpm_lookup(lpm, rte_be_to_cpu_32(ip->dst_addr), &next) != 0)
		return -1;
	ip->time_to_live--;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, header);
	rte_ether_addr_copy(&hops[next].mac, &eth->dst_addr);
	rte_ether_addr_copy(&port_mac[hops[next].port], &eth->src_addr);
	return hops[next].port;
}

static int forward_l3fwd(struct rte_mbuf *m, const struct rte_lpm *lpm)
{
	const uint32_t length = rte_pktmbuf_pkt_len(m);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	if (length < FRAME_MIN || length > FRAME_MAX ||
	    eth->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4))
		return -1;
	if (ip->version != 4 || ip->ihl < 5 || rte_be_to_cpu_16(ip->total_length) < sizeof(*ip))
		return -1;
	uint32_t next;
	const int miss = rte_lpm_lookup(lpm, rte_be_to_cpu_32(ip->dst_addr), &next) != 0;
	const uint16_t port = miss ? m->port : hops[next].port;
	ip->time_to_live--;
	ip->hdr_checksum++;
	eth->dst_addr = (struct rte_ether_addr){ { 2, 0, 0, 0, 0, port } };
	rte_ether_addr_copy(&port_mac[port], &eth->src_addr);
	return port;
}

int main(int argc, char **argv)
{
	const int l3fwd = argc == 3 && strcmp(argv[1], "--l3fwd") == 0;
	if (argc != 2 + l3fwd)
		die("usage: dpdk_lpm [--l3fwd] FOLDER");
	const char *folder = argv[argc - 1];
	const uint16_t ports = read_ports(folder);
	static char vdev[PORTS_MAX][8192];
	char prefix[64];
	snprintf(prefix, sizeof(prefix), "--file-prefix=dpdk_lpm_%d", (int)getpid());
	char *eal[16 + PORTS_MAX] = { "dpdk_lpm", "--no-huge", "-m", "256", "--no-pci",
		"--no-telemetry", "--no-shconf", "--lcores=0@0", "--log-level=1", prefix };
	int count = 10;
	for (uint16_t p = 0; p < ports; p++) {
		snprintf(vdev[p], sizeof(vdev[p]),
			 "--vdev=net_pcap%u,rx_pcap=%s/in%u.pcap,tx_pcap=%s/out%u.pcap", p, folder,
			 p, folder, p);
		eal[count++] = vdev[p];
	}
	if (rte_eal_init(count, eal) < 0)
		die("rte_eal_init");
	struct rte_mempool *pool = rte_pktmbuf_pool_create("mbufs", 4095, 128, 0,
							   RTE_MBUF_DEFAULT_BUF_SIZE,
							   SOCKET_ID_ANY);
	if (pool == NULL)
		die("rte_pktmbuf_pool_create");
	struct rte_lpm *lpm = read_routes(folder);
	struct rte_eth_conf config;
	memset(&config, 0, sizeof(config));
	for (uint16_t p = 0; p < ports; p++) {
		if (rte_eth_dev_configure(p, 1, 1, &config) != 0 ||
		    rte_eth_rx_queue_setup(p, 0, RING, SOCKET_ID_ANY, NULL, pool) != 0 ||
		    rte_eth_tx_queue_setup(p, 0, RING, SOCKET_ID_ANY, NULL) != 0 ||
		    rte_eth_dev_start(p) != 0)
			die("cannot start a port");
	}
	struct rte_mbuf *burst[BURST];
	for (int idle = 0; idle < IDLE_ROUNDS;) {
		uint32_t got = 0;
		for (uint16_t p = 0; p < ports; p++) {
			const uint16_t n = rte_eth_rx_burst(p, 0, burst, BURST);
			got += n;
			for (uint16_t i = 0; i < n; i++) {
				const int egress = l3fwd ? forward_l3fwd(burst[i], lpm)
							 : forward(burst[i], lpm);
				if (egress < 0 || rte_eth_tx_burst(egress, 0, &burst[i], 1) == 0)
					rte_pktmbuf_free(burst[i]);
			}
		}
		idle = got == 0 ? idle + 1 : 0;
	}
	for (uint16_t p = 0; p < ports; p++)
		rte_eth_dev_stop(p);
	for (uint16_t p = 0; p < ports; p++)
		rte_eth_dev_close(p);
	return rte_eal_cleanup();
}
