// Aim: the default run of `conform` finds what is wrong with a forwarder, in few packets, and leaves right ones with habits
// of their own alone. Method: the examples with one change each, built, and run as a user runs them.
import { assert, assertEquals } from "@std/assert";
import type { ConformanceResult } from "../../properties/mod.ts";
import type { ExternalProtocol } from "../../stacks/mod.ts";
import { judge } from "../conform/judge.ts";
import { parseConformOptions } from "../conform/options.ts";
import { liveTest } from "./needs.ts";

const ON_CAPTURES = `${import.meta.dirname}/_pcap_for_tests.ts`;
const EXAMPLES = `${import.meta.dirname}/../../docs/examples`;

/** One change: what is wrong, the text that is replaced and by what, and laws of which one has to be broken. */
type Change = readonly [what: string, from: string, to: string, laws?: RegExp];

const LEAVE = "\treturn bpf_redirect_map(";
const DROP = "\n\t\treturn XDP_DROP;\n";
const TTL_CHECK = "\tif (ip->ttl <= 1)";

const XDP_FAULTS: readonly Change[] = [
  ["does not decrement TTL", "\tip->ttl--;\n", "", /^PKT-[12]$/],
  ["forwards TTL 1", "ip->ttl <= 1", "ip->ttl < 1", /^PKT-[25]$/],
  ["keeps TTL 255", "\tip->ttl--;", "\tip->ttl -= ip->ttl != 255;", /^PKT-[12]$/],
  [
    "drops the carry",
    "~fold((__u16)~ip->check + (__u16)~old + new)",
    "~((__u16)~ip->check + (__u16)~old + new)",
    /^PKT-3$/,
  ],
  ["verifies no checksum", `\tif (fold(sum) != 0xffff)${DROP}`, "", /^PKT-[35]$/],
  [
    "leaves the source MAC",
    "\t__builtin_memcpy(eth->h_source, hop->src, ETH_ALEN);\n",
    "",
    /^PKT-7$/,
  ],
  [
    "copies five bytes of the MAC",
    "(eth->h_dest, hop->dst, ETH_ALEN)",
    "(eth->h_dest, hop->dst, 5)",
    /^PKT-7$/,
  ],
  ["is off by one at the end", "total > (__u32)", "total >= (__u32)", /^LOSS-1a$/],
  ["drops short frames", "(void *)(ip + 1) > end", "(void *)(ip + 1) + 27 > end", /^LOSS-1a$/],
  ["drops options", "header < sizeof(*ip)", "header != sizeof(*ip)", /^LOSS-1a$/],
  [
    "drops fragments",
    TTL_CHECK,
    `\tif (ip->frag_off & bpf_htons(0x3fff))${DROP}${TTL_CHECK}`,
    /^LOSS-1a$/,
  ],
  ["drops DF", TTL_CHECK, `\tif (ip->frag_off)${DROP}${TTL_CHECK}`, /^LOSS-1a$/],
  ["looks at no total length", " ||\n\t    total > (__u32)(end - (void *)ip)", "", /^PKT-5$/],
  ["looks at no version", "ip->version != 4 || ", "", /^PKT-5$/],
  [
    "has the key in the wrong order",
    ".address = ip->daddr }",
    ".address = bpf_htonl(ip->daddr) }",
    /^LPM-1$/,
  ],
  [
    "sends one prefix back",
    LEAVE,
    `\tif ((ip->daddr & bpf_htonl(0xffffff00)) == bpf_htonl(0x0a0a0a00))\n\t\treturn XDP_TX;\n${LEAVE}`,
    /^LPM-1$/,
  ],
  [
    "truncates long frames",
    LEAVE,
    `\tif ((__u32)(end - data) > 100)\n\t\tbpf_xdp_adjust_tail(ctx, -1);\n${LEAVE}`,
    /^PKT-1$/,
  ],
  ["pads", LEAVE, `\tbpf_xdp_adjust_tail(ctx, 4);\n${LEAVE}`, /^PKT-1$/],
  [
    "writes the last byte of odd frames",
    LEAVE,
    `\t__u32 n = end - data;\n\tif (n & 1) {\n\t\t__u8 b = 0x55;\n\t\tbpf_xdp_store_bytes(ctx, (n - 1) & 0x7ff, &b, 1);\n\t}\n${LEAVE}`,
    /^PKT-1$/,
  ],
  [
    "clears the UDP checksum",
    LEAVE,
    `\t__u16 z = 0;\n\tif (ip->protocol == 17 && ip->ihl == 5)\n\t\tbpf_xdp_store_bytes(ctx, 40, &z, 2);\n${LEAVE}`,
    /^PKT-4$/,
  ],
  ["clears ECN", "\tip->ttl--;", "\tip->ttl--;\n\tip->tos &= 0xfc;", /^PKT-1$/],
  [
    "loses every 4096th packet",
    LEAVE,
    `\tstatic __u32 count;\n\tif ((++count & 4095) == 0)${DROP}${LEAVE}`,
    /^LOSS-1a$/,
  ],
];

const RECOMPUTE = `ip->check = 0;
	__u32 all = 0;
	for (int i = 0; i < 30; i++) {
		if (i * 2 >= header)
			break;
		__u16 *word = (__u16 *)ip + i;
		asm volatile("" : "+r"(word));
		if ((void *)(word + 1) > end)
			return XDP_DROP;
		all += *word;
	}
	ip->check = ~fold(all);`;

const XDP_HABITS: readonly Change[] = [
  [
    "computes checksums anew",
    "ip->check = ~fold((__u16)~ip->check + (__u16)~old + new);",
    RECOMPUTE,
  ],
  [
    "takes what is for its own MAC address",
    TTL_CHECK,
    `\tif ((eth->h_dest[0] & 1) || eth->h_dest[4] != 0 || eth->h_dest[5] > 3)${DROP}${TTL_CHECK}`,
  ],
  [
    "drops martians",
    TTL_CHECK,
    `\t__u8 top = ip->daddr, from = ip->saddr;\n\tif (top == 0 || top == 127 || top >= 224 || from == 127)${DROP}${TTL_CHECK}`,
  ],
  [
    "cuts padding off",
    LEAVE,
    `\t__u32 n = end - data;\n\tif (n > total + 14)\n\t\tbpf_xdp_adjust_tail(ctx, (int)(total + 14) - (int)n);\n${LEAVE}`,
  ],
];

const SEND = "    fwrite(head, 4, 1, stdout)";

const C_FAULTS: readonly Change[] = [
  ["forwards TTL 1", "f[22] <= 1", "f[22] == 0", /^PKT-[25]$/],
  ["takes the first route", "r->depth > hop->depth", "0", /^LPM-1$/],
  ["compares one bit less", ">> (32 - r->depth) == 0)", ">> (32 - r->depth) >> 1 == 0)", /^LPM-1$/],
  ["adds in 16 bits", "uint32_t s = 0;", "uint16_t s = 0;", /^(PKT-3|LOSS-1a)$/],
  [
    "loses every 4096th packet",
    SEND,
    `    static unsigned k;\n    if (++k % 4096 == 0) continue;\n${SEND}`,
    /^LOSS-1a$/,
  ],
  [
    "sends every hundredth twice",
    SEND,
    `    static int k;\n    if (++k % 100 == 0) fwrite(head, 4, 1, stdout), fwrite(b, n, 1, stdout);\n${SEND}`,
    /^ORD-2$/,
  ],
  [
    "loses the last byte of long frames",
    SEND,
    `    if (n > 600) f[len - 1] = 0;\n${SEND}`,
    /^PKT-1$/,
  ],
];

const C_HABITS: readonly Change[] = [
  ["writes byte by byte", SEND, `    setvbuf(stdout, NULL, _IONBF, 0);\n${SEND}`],
  [
    "drops what is for others",
    "if (f[14] >> 4 != 4",
    "if (memcmp(f, macs[b[1]], 6) != 0) continue;\n    if (f[14] >> 4 != 4",
  ],
];

/** Whether a fault counts packets: it needs them all, and minutes where each try on fewer starts two processes. */
const counts = ([what]: Change): boolean => what.includes("every");

/** Builds an example with a change, and judges what comes of it, by records or by captures. */
function judged(
  example: string,
  { 1: from, 2: to }: Change,
  protocol: ExternalProtocol,
): ConformanceResult[] {
  const folder = Deno.makeTempDirSync();
  try {
    const text = Deno.readTextFileSync(`${EXAMPLES}/${example}`);
    assert(text.includes(from), `${example} has no longer ${from}`);
    const isXdp = example.endsWith(".bpf.c");
    const [source, file] = [`${folder}/changed.${isXdp ? "bpf.c" : "c"}`, `${folder}/changed.o`];
    Deno.writeTextFileSync(source, text.replace(from, () => to));
    const include = `-I/usr/include/${Deno.build.arch}-linux-gnu`;
    const [compiler, ...args] = isXdp
      ? ["clang", "-O2", "-g", "-target", "bpf", include, "-c", source, "-o", file]
      : ["cc", "-O2", source, "-o", file];
    const { success, stderr } = new Deno.Command(compiler!, { args }).outputSync();
    assert(success, new TextDecoder().decode(stderr));
    const exec = protocol === "pcap"
      ? `"${Deno.execPath()}" run -A --no-check --no-config "${ON_CAPTURES}" "${file}"`
      : file;
    const named = isXdp ? { device: `xdp:${file}` } : { exec, protocol };
    return judge(parseConformOptions(named)).checks.map(({ result }) => result);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

for (
  const [example, needs, faults, habits, protocol] of [
    ["xdp_forward.bpf.c", ["ip", "root", "clang", "libbpf"], XDP_FAULTS, XDP_HABITS, "stream"],
    ["forward.c", ["compiler"], C_FAULTS, C_HABITS, "stream"],
    ["forward.c", ["compiler"], C_FAULTS.filter((fault) => !counts(fault)), C_HABITS, "pcap"],
  ] as const
) {
  const way = protocol === "pcap" ? " with --protocol pcap" : "";
  for (const fault of faults) {
    liveTest(`${example}${way} that ${fault[0]} is found out`, needs, () => {
      const laws = judged(example, fault, protocol).flatMap((result) => result.laws);
      const broken = laws.filter(({ counterexample }) => counterexample !== null);
      const found = broken.find(({ law }) => fault[3]!.test(law.id));
      assert(found !== undefined, `broken: ${broken.map(({ law }) => law.id).join(", ")}`);
      const { scenario, sentence } = found.counterexample!;
      const few = counts(fault) ? 5000 : 4;
      assert(scenario.traffic.count <= few, `${scenario.traffic.count} packets: ${sentence}`);
    });
  }
  for (const habit of habits) {
    liveTest(`${example}${way} that ${habit[0]} keeps every law`, needs, () => {
      const results = judged(example, habit, protocol);
      const laws = results.flatMap((result) => result.laws);
      const said = laws.flatMap(({ counterexample }) => counterexample?.sentence ?? []);
      assertEquals([said, results.flatMap(({ harness }) => harness)], [[], []]);
    });
  }
}
