/** DPDK's side: the program made of `dpdk.c`, which answers each line with one. */

/** A running peer. */
export class Dpdk {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";
  /** Its version, e.g. `DPDK 22.11.11`. */
  version = "";

  private constructor(program: string, files: readonly string[]) {
    // Without huge pages, devices and files that outlive it. A lcore that waits sleeps.
    const args = "--no-huge --no-pci --no-telemetry --no-shconf --log-level=4 -m 1024 -l 0,1 --";
    this.#child = new Deno.Command(program, {
      args: [...args.split(" "), ...files],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reader = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Starts the program with the files of routes and of addresses. */
  static async start(program: string, files: readonly string[]): Promise<Dpdk> {
    const dpdk = new Dpdk(program, files);
    dpdk.version = await dpdk.#line();
    return dpdk;
  }

  /** The numbers that it answers to a command of `dpdk.c`. */
  async ask(command: string): Promise<number[]> {
    await this.#writer.write(new TextEncoder().encode(`${command}\n`));
    return (await this.#line()).split(" ").map(Number);
  }

  /** The first of them: mostly seconds. */
  async seconds(command: string): Promise<number> {
    return (await this.ask(command))[0]!;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#child.status;
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#reader.read();
      if (done) {
        const { code } = await this.#child.status;
        console.error(`DPDK's side ended with code ${code} before it answered`);
        Deno.exit(2);
      }
      this.#rest += value;
    }
  }
}
