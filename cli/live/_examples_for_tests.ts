/** The XDP programs of docs/examples: built by clang, and run by the project's own interpreter. */
import { assert } from "@std/assert";
import {
  type BpfMap,
  type DeviceUnderTest,
  type LoadedObject,
  type Policy,
  readBpfObject,
  type Scenario,
  testbed,
  u32,
} from "../../core/mod.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import { xdp } from "../../stacks/mod.ts";

const EXAMPLES = `${import.meta.dirname}/../../docs/examples`;
/** Name of the program in each object. */
const PROGRAM = "forward";
/** Routes that the map of an interpreted program holds: it is made anew for each scenario. */
const ROUTES_MAX = 1024;

/** Builds one of the programs; `act` gets the path of its object file. */
export function built(name: string, act: (file: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    const file = `${folder}/${name}.o`;
    const include = `-I/usr/include/${Deno.build.arch}-linux-gnu`;
    const source = `${EXAMPLES}/${name}.bpf.c`;
    const args = ["-O2", "-g", "-Wall", "-Werror", "-target", "bpf", include, "-c", source];
    const { success, stderr } = new Deno.Command("clang", { args: [...args, "-o", file] })
      .outputSync();
    assert(success, new TextDecoder().decode(stderr));
    act(file);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The stack `xdp` with the program of an object file, whose maps hold each scenario as `--device xdp:FILE.o` has it. */
export function interpreted(file: string, policy: Policy): DeviceUnderTest {
  const whole = readBpfObject(Deno.readFileSync(file));
  const maps = whole.maps.map((spec) =>
    spec.name === "routes" ? { ...spec, maxEntries: ROUTES_MAX } : spec
  );
  let current: Scenario | null = null;
  const stack = xdp({
    object: { ...whole, maps },
    name: PROGRAM,
    policy,
    setup: ({ maps }) => maps.has("routes") && fill(maps, current!),
  }, { mtu: 1500 });
  const device = testbed(stack, machineProfile(paperHost), { name: "xdp, interpreted" });
  return {
    ...{ name: device.name, policy, offers: device.offers },
    run: (scenario) => device.run(current = scenario),
  };
}

/** Routes, next hops and ports; the interface of port p is p + 2. */
function fill(maps: LoadedObject["maps"], { routes, neighbours, geometry }: Scenario): void {
  const put = (name: string, key: Uint8Array, value: Uint8Array): void => {
    const map: BpfMap = maps.get(name)!;
    assert(map.update(key, 0, value, 0, 0) >= 0, `${name} takes no ${key.join(" ")}`);
  };
  for (let port = 0; port < geometry.ports; port++) put("tx", u32(port), u32(port + 2));
  const { mac, port, portMac } = neighbours;
  for (let hop = 0; hop < neighbours.count; hop++) {
    const value = new Uint8Array(16);
    value.set(mac.subarray(hop * 6, hop * 6 + 6));
    value.set(portMac.subarray(port[hop]! * 6, port[hop]! * 6 + 6), 6);
    value[12] = port[hop]!;
    put("hops", u32(hop), value);
  }
  for (let i = 0; i < routes.count; i++) {
    const key = u32(routes.depth[i]!, 0);
    new DataView(key.buffer).setUint32(4, routes.prefix[i]!);
    put("routes", key, u32(routes.nextHop[i]!));
  }
}
