/** What tests on devices of the real world need beyond Deno, and whether it is there. */

/** One thing that is needed. */
export interface Need {
  /** What it is called. */
  readonly name: string;
  /** How it is had, for who lacks it. */
  readonly remedy: string;
  /** Whether it is there. */
  has(): boolean;
}

const program = (name: string, debian: string): Need => ({
  name,
  remedy: `apt-get install ${debian}`,
  has: () => shell(`command -v ${name}`),
});

/** Everything that some test needs. */
export const NEEDS = {
  namespaces: {
    name: "permission to make network namespaces and interfaces",
    remedy: "be root, or run it under `unshare -Urn`",
    has: () => shell("unshare -n ip link add pcprobe type veth"),
  },
  root: {
    name: "root",
    remedy: "be root, and not of a user namespace alone",
    has: () =>
      Deno.uid() === 0 && shell("grep -q 4294967295 /proc/self/uid_map && unshare -n true"),
  },
  ip: program("ip", "iproute2"),
  clang: program("clang", "clang"),
  libbpf: {
    name: "libbpf",
    remedy: "apt-get install libbpf-dev",
    has: () => shell("ldconfig -p | grep -q libbpf.so.1"),
  },
  compiler: program("cc", "gcc libc6-dev"),
  dpdk: {
    name: "DPDK's headers",
    remedy: "apt-get install libdpdk-dev pkg-config",
    has: () => shell("pkg-config --exists libdpdk"),
  },
  testpmd: program("dpdk-testpmd", "dpdk-dev"),
  ovs: program("ovs-vswitchd", "openvswitch-switch"),
  captures: {
    name: "real captures",
    remedy: "deno task test:live --data DIR, with captures below DIR/pcap",
    has: () => Deno.env.has("PLANECHECK_DATA"),
  },
} satisfies Record<string, Need>;

/** Name of a need. */
export type NeedName = keyof typeof NEEDS;

function shell(command: string): boolean {
  return new Deno.Command("sh", {
    args: ["-c", command],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).outputSync().success;
}

/** Those of some needs that are missing. */
export function missing(names: readonly NeedName[]): Need[] {
  return names.map((name) => NEEDS[name]).filter((need) => !need.has());
}

/** A test that is not run where something is missing; the task `test:live` says so in words. */
export function liveTest(
  name: string,
  needs: readonly NeedName[],
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const lacking = missing(needs);
  if (lacking.length > 0) {
    console.log(
      `not judged: ${name} (missing: ${
        lacking.map(({ name, remedy }) => `${name}; ${remedy}`).join(", ")
      })`,
    );
  }
  Deno.test({ name, ignore: lacking.length > 0, fn });
}
