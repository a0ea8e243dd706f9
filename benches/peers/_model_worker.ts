/** A saturated stack in an isolate of its own: V8 then knows one fabric and one stack, as in a user's long run. */
import { SATURATED } from "../model.ts";
import { cpuSeconds } from "./in_turn.ts";

const self = globalThis as unknown as {
  onmessage: (event: { data: { name: string; times: number } }) => void;
  postMessage(answer: { seconds: number; packets: number }): void;
};
let run: ReturnType<typeof SATURATED[number]["make"]>["run"] | null = null;
self.onmessage = ({ data: { name, times } }) => {
  run ??= SATURATED.find((one) => one.name === name)!.make().run;
  let packets = 0;
  const seconds = cpuSeconds(() => void (packets = run!(times).emitted));
  self.postMessage({ seconds, packets });
};
