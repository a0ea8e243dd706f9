// Aim: on real and malformed traffic the kernel and the stacks that model it do the same, but for what each declares.
// Method: every capture below `pcap/` of the folder that `deno task test:live --data DIR` names, frame by frame through
// all of them; what holds no frame that a port can receive is told.
import { assert, assertEquals } from "@std/assert";
import { maximaFor, testbed } from "../../core/mod.ts";
import { InputError, machineProfile, paperHost } from "../../fixtures/mod.ts";
import { compareDevices } from "../../properties/mod.ts";
import { kernelDevice, linuxNapi, xdp } from "../../stacks/mod.ts";
import { scenarioOfFiles } from "../conform/device.ts";
import { UserError } from "../user_error.ts";
import { liveTest } from "./needs.ts";

const HOST = machineProfile(paperHost);

/** Captures below a folder, by path from it, sorted. */
function capturesIn(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${prefix}`)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return capturesIn(folder, `${prefix}${name}/`);
    return /\.(?:pcap|pcapng|cap)$/.test(name) ? [prefix + name] : [];
  }).sort();
}

/** What a capture offers, or why it offers nothing. */
function scenarioOf(pcap: string): ReturnType<typeof scenarioOfFiles>["scenario"] | string {
  try {
    return scenarioOfFiles({ routes: null, pcap, count: null, seed: null }).scenario;
  } catch (error) {
    if (error instanceof UserError || error instanceof InputError) return error.message;
    throw error;
  }
}

liveTest(
  "the kernel, linux-napi and xdp agree on captures, but for what is declared",
  ["ip", "namespaces", "captures"],
  async (t) => {
    const folder = `${Deno.env.get("PLANECHECK_DATA")}/pcap`;
    const device = kernelDevice();
    let [captures, packets] = [0, 0];
    const empty: string[] = [];
    for (const path of capturesIn(folder)) {
      const scenario = scenarioOf(`${folder}/${path}`);
      if (typeof scenario === "string") {
        empty.push(scenario.replace(`${folder}/`, ""));
        continue;
      }
      await t.step(path, () => {
        const maxima = maximaFor(scenario.geometry, HOST);
        const models = [
          testbed(linuxNapi(), HOST, { name: "linux-napi", maxima }),
          testbed(xdp(), HOST, { name: "xdp", maxima }),
        ];
        const result = compareDevices([device, ...models], {
          scenarios: [scenario],
          undeclaredOnly: true,
        });
        assertEquals(result.divergence, null);
        packets += result.packets;
        captures++;
      });
    }
    device.close();
    console.log(`${captures} captures, ${packets} packets; not replayed:`);
    for (const why of empty) console.log(`  ${why}`);
    assert(captures > 0, `${folder} holds no capture`);
  },
);
