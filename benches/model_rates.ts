/**
 * Packets that the model forwards in a CPU second of this process, and events of the clock for each of them.
 *
 *   deno task bench:model [--seconds N] [NAME]...
 *
 * Each row runs in a process of its own: V8 then knows one fabric and one stack, as in a long run of a user's.
 */
import process from "node:process";
import { SATURATED } from "./model.ts";

const ROUNDS = 7;
const TIMES = 100;

const names = SATURATED.map(({ name }) => name);
const [first, ...rest] = Deno.args;
if (first === "--row") measure(rest.join(" "));
else {
  const asked = Deno.args.length > 0 ? Deno.args : names;
  for (const name of asked) {
    if (!names.includes(name)) {
      console.error(`"${name}" is no row; expected: ${names.map((n) => `"${n}"`).join(", ")}`);
      Deno.exit(2);
    }
  }
  for (const name of asked) {
    const args = ["run", "-A", import.meta.filename!, "--row", name];
    const { code } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit" }).output();
    if (code !== 0) Deno.exit(code);
  }
}

function measure(name: string): void {
  const { run } = SATURATED.find((one) => one.name === name)!.make();
  const rates: number[] = [];
  let o = run(TIMES);
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    o = run(TIMES);
    const { user, system } = process.cpuUsage(before);
    rates.push(o.emitted / (user + system));
  }
  rates.sort((a, b) => a - b);
  const [least, median, most] = [rates[0]!, rates[ROUNDS >> 1]!, rates[ROUNDS - 1]!];
  const perPacket = (o.events / o.emitted).toFixed(2);
  const mpps = o.emitted / (o.endPs / 1e6);
  console.log(
    `${name.padEnd(24)} ${median.toFixed(3)} M packets/CPU-s (${least.toFixed(3)}..${
      most.toFixed(3)
    }), ` +
      `${perPacket} events a packet, ${
        (1000 / median / (o.events / o.emitted)).toFixed(0)
      } ns an event; ` +
      `${o.emitted} of ${o.offered} forwarded at ${mpps.toFixed(1)} Mpps in ${o.end}`,
  );
}
