/**
 * Designs: which apps there are, by name, class and argument, and which links join them. Source: core/config.lua.
 *
 * A design can be written as text too: `app NAME CLASS JSON` and `link A.X -> B.Y`, a line each, `#` begins a comment.
 */
import type { AppArg, AppClass } from "./app.ts";

/** One app of a design. */
export interface AppInfo {
  /** Its class. */
  readonly class: AppClass;
  /** What it is started with. */
  readonly arg: AppArg;
}

/** A design. */
export interface SnabbConfig {
  /** Apps by name. */
  readonly apps: Map<string, AppInfo>;
  /** Linkspecs, as `A.X -> B.Y`. */
  readonly links: Set<string>;
}

/** Both ends of a link: app and name of the link there. */
export interface LinkSpec {
  /** App that transmits. */
  readonly from: string;
  /** Its name for the link. */
  readonly fromLink: string;
  /** App that receives. */
  readonly to: string;
  /** Its name for the link. */
  readonly toLink: string;
}

const LINK = /^\s*([\w-]+)\.([\w-]+)\s*->\s*([\w-]+)\.([\w-]+)\s*$/;
const APP = /^app\s+([\w-]+)\s+(\w+)(?:\s+(.+))?$/;

/** The config module. */
export interface SnabbConfigModule {
  /** An empty design. */
  "new"(): SnabbConfig;
  /**
   * Adds an app.
   * @throws {TypeError} when its argument lacks a required key, or has one that the class does not know
   */
  app(c: SnabbConfig, name: string, cls: AppClass, arg?: AppArg): void;
  /**
   * Adds a link, e.g. `"a.output -> b.input"`.
   * @throws {TypeError} when the text is no linkspec
   */
  link(c: SnabbConfig, spec: string): void;
  /**
   * The ends of a link.
   * @throws {TypeError} when the text is no linkspec
   */
  parseLink(spec: string): LinkSpec;
  /** A link as a linkspec. */
  format(spec: LinkSpec): string;
  /**
   * The design that a text describes; `classes` are those that it may name.
   * @throws {TypeError} naming the line that is not understood
   */
  parse(text: string, classes: { readonly [name: string]: AppClass }): SnabbConfig;
  /** A design as text. */
  text(c: SnabbConfig): string;
}

/**
 * Makes designs, in code or from text.
 *
 * @example
 * ```ts
 * import { SNABB_APPS, snabbConfig } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const c = snabbConfig.new();
 * snabbConfig.app(c, "source", SNABB_APPS.Source!, { size: 60 });
 * snabbConfig.app(c, "sink", SNABB_APPS.Sink!);
 * snabbConfig.link(c, "source.output->sink.input");
 * const text = 'app source Source {"size":60}\napp sink Sink\nlink source.output -> sink.input';
 * assertEquals(snabbConfig.text(c), text);
 * assertEquals(snabbConfig.parse(text, SNABB_APPS), c);
 * ```
 */
export const config: SnabbConfigModule = {
  new(): SnabbConfig {
    return { apps: new Map(), links: new Set() };
  },

  app(c: SnabbConfig, name: string, cls: AppClass, arg: AppArg = undefined): void {
    c.apps.set(name, { class: cls, arg: cls.config === undefined ? arg : checked(name, cls, arg) });
  },

  link(c: SnabbConfig, spec: string): void {
    c.links.add(config.format(config.parseLink(spec)));
  },

  parseLink(spec: string): LinkSpec {
    const [, from, fromLink, to, toLink] = LINK.exec(spec) ?? [];
    if (toLink === undefined) {
      throw new TypeError(`Cannot parse link "${spec}": expected "A.X -> B.Y"`);
    }
    return { from: from!, fromLink: fromLink!, to: to!, toLink };
  },

  format({ from, fromLink, to, toLink }: LinkSpec): string {
    return `${from}.${fromLink} -> ${to}.${toLink}`;
  },

  parse(text: string, classes: { readonly [name: string]: AppClass }): SnabbConfig {
    const c = config.new();
    text.split("\n").forEach((raw, i) => {
      const line = raw.replace(/#.*$/, "").trim();
      if (line === "") return;
      const [, name, cls, json] = APP.exec(line) ?? [];
      if (name !== undefined) {
        const known = Object.hasOwn(classes, cls!) ? classes[cls!] : undefined;
        if (known === undefined) {
          throw new TypeError(
            `Cannot parse line ${i + 1}: class "${cls}" is not one of ${
              Object.keys(classes).join(", ")
            }`,
          );
        }
        config.app(c, name, known, json === undefined ? undefined : argument(json, i));
      } else if (line.startsWith("link ")) config.link(c, line.slice(5));
      else {throw new TypeError(
          `Cannot parse line ${i + 1}: "${line}" is neither an app nor a link`,
        );}
    });
    return c;
  },

  text(c: SnabbConfig): string {
    const apps = [...c.apps].map(([name, { class: cls, arg }]) =>
      `app ${name} ${cls.name}${arg === undefined ? "" : ` ${JSON.stringify(arg)}`}`
    );
    return [...apps, ...[...c.links].map((spec) => `link ${spec}`)].join("\n");
  },
};

function argument(json: string, line: number): AppArg {
  try {
    return JSON.parse(json);
  } catch {
    throw new TypeError(`Cannot parse line ${line + 1}: ${json} is not JSON`);
  }
}

function checked(name: string, cls: AppClass, arg: AppArg): AppArg {
  const given: { [key: string]: unknown } = { ...arg };
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(cls.config!, key)) continue;
    throw new TypeError(`Cannot configure app ${name}: ${cls.name} has no key "${key}"`);
  }
  for (const [key, { required, default: value }] of Object.entries(cls.config!)) {
    if (given[key] !== undefined) continue;
    if (required === true) {
      throw new TypeError(`Cannot configure app ${name}: ${cls.name} needs the key "${key}"`);
    }
    if (value !== undefined) given[key] = value;
  }
  return given;
}
