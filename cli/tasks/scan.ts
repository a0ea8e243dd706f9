// Reads the import specifiers and the global names of a TypeScript source without a parser: a
// tokenizer that knows comments, strings, templates and regular expressions is enough, because
// `import` and `export` are reserved words. What it cannot know is types: an `import("./a.ts")` in a
// type position counts as a dynamic import.

/** One token: `text` is the source text, or the bare value for strings and plain templates. */
export interface Token {
  kind: "id" | "string" | "template" | "number" | "regex" | "punct";
  text: string;
  line: number;
}

/** One module that a file names: by import, by re-export, by `import()` or as a Worker's URL. */
export interface Import {
  /** The specifier, or null where it is computed at run time. */
  specifier: string | null;
  line: number;
  /** True where nothing but types is taken, so that no module is loaded. */
  typeOnly: boolean;
  /** Index of the first and behind the last token of the statement. */
  from: number;
  to: number;
  reExport: boolean;
}

const SKIP = /(?:\s|\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))+/y;
const STRING = /"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/y;
const WORD = /#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/yu;
const NUMBER = /\d[\w.]*/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const CHUNK = /(?:\\[^]|\$(?!\{)|[^\\`$])*/y;
// After one of these words a slash begins a regular expression, after any other it divides.
const BEFORE_REGEX = /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

function divides(last: Token | undefined): boolean {
  if (last === undefined) return false;
  if (last.kind === "punct") return last.text === ")" || last.text === "]" || last.text === "}";
  return last.kind !== "id" || !BEFORE_REGEX.test(last.text);
}

/** Splits a source into tokens; the code inside `${}` of a template is split like any other. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  // One entry per open `${`: how many braces are open inside it.
  const braces: number[] = [];
  let at = 0;
  let line = 1;
  const take = (kind: Token["kind"], raw: string, text = raw) => {
    tokens.push({ kind, text, line });
    at += raw.length;
    for (const c of raw) if (c === "\n") line++;
  };
  const takeTemplate = () => {
    const head = source[at]!;
    const body = match(CHUNK, source, at + 1) ?? "";
    const ends = source[at + 1 + body.length] === "`";
    take("template", head + body + (ends ? "`" : "${"), ends && head === "`" ? body : "${}");
    if (!ends && at <= source.length) braces.push(0);
  };
  while (at < source.length) {
    const gap = match(SKIP, source, at);
    if (gap) {
      for (const c of gap) if (c === "\n") line++;
      at += gap.length;
      continue;
    }
    const c = source[at]!;
    const open = braces.length - 1;
    const string = match(STRING, source, at);
    const word = match(WORD, source, at);
    const number = match(NUMBER, source, at);
    const regex = c === "/" && !divides(tokens.at(-1)) ? match(REGEX, source, at) : undefined;
    if (c === "`") takeTemplate();
    else if (c === "}" && braces[open] === 0) {
      braces.pop();
      takeTemplate();
    } else if (string) take("string", string, string.slice(1, -1));
    else if (word) take("id", word);
    else if (number) take("number", number);
    else if (regex) take("regex", regex);
    else {
      if (open >= 0 && c === "{") braces[open]!++;
      if (open >= 0 && c === "}") braces[open]!--;
      take("punct", source.startsWith("?.", at) ? "?." : c);
    }
  }
  return tokens;
}

function isLiteral(token: Token | undefined): token is Token {
  return token?.kind === "string" || (token?.kind === "template" && token.text !== "${}");
}

// `import type X from`, `import type { X } from` and `import { type X, type Y } from` load nothing;
// `import type from` and `import { type } from` load a module that exports that very name.
function takesTypesOnly(clause: Token[]): boolean {
  const text = clause.map((token) => token.text);
  if (text[0] === "type" && text.length > 1 && text[1] !== ",") return true;
  if (text[0] !== "{" || text.length < 3) return false;
  const names = text.slice(1, -1).join(" ").split(",").map((name) => name.trim()).filter(Boolean);
  return names.every((name) => /^type (?!as\b(?! as\b))\S/.test(name));
}

function staticImport(tokens: Token[], i: number): Import | undefined {
  const reExport = tokens[i]!.text === "export";
  const { line } = tokens[i]!;
  if (!reExport && tokens[i + 1]?.kind === "string") {
    const specifier = tokens[i + 1]!.text;
    return { specifier, line, typeOnly: false, from: i, to: i + 2, reExport };
  }
  if (reExport) {
    const first = tokens[i + 1]?.text === "type" ? tokens[i + 2] : tokens[i + 1];
    if (first?.text !== "{" && first?.text !== "*") return undefined;
  }
  for (let j = i + 1; j < tokens.length; j++) {
    const { kind, text } = tokens[j]!;
    if (kind === "id" && text === "from" && tokens[j + 1]?.kind === "string") {
      const typeOnly = takesTypesOnly(tokens.slice(i + 1, j));
      return { specifier: tokens[j + 1]!.text, line, typeOnly, from: i, to: j + 2, reExport };
    }
    // A clause holds names, commas, stars and one pair of braces, which ends `export { a, b }`.
    const closed = text === "}" && tokens[j + 1]?.text !== "from";
    if (closed || (kind !== "id" && kind !== "string" && !/^[{},*]$/.test(text))) return undefined;
  }
  return undefined;
}

function loadedLater(tokens: Token[], i: number, argument: number): Import {
  const literal = tokens[argument];
  const whole = /^[),]$/.test(tokens[argument + 1]?.text ?? "");
  const specifier = isLiteral(literal) && whole ? literal.text : null;
  const { line } = tokens[i]!;
  return { specifier, line, typeOnly: false, from: i, to: argument + 1, reExport: false };
}

/** Lists every module that the tokens of a file name, in order of appearance. */
export function importsOf(tokens: Token[]): Import[] {
  const found: Import[] = [];
  const text = (i: number): string | undefined => tokens[i]?.text;
  for (let i = 0; i < tokens.length; i++) {
    const { kind } = tokens[i]!;
    if (kind !== "id" || text(i - 1) === "." || text(i - 1) === "?.") continue;
    let one: Import | undefined;
    if (text(i) === "import" && text(i + 1) === "(") one = loadedLater(tokens, i, i + 2);
    else if (text(i) === "import" || text(i) === "export") one = staticImport(tokens, i);
    else if (text(i) === "URL" && text(i + 1) === "(" && text(i + 4) === "import") {
      one = loadedLater(tokens, i, i + 2);
    }
    if (one) found.push(one);
  }
  return found;
}

/** True where token `i` stands for the global of its name, not for a member or a key. */
export function isGlobal(tokens: Token[], i: number): boolean {
  if (tokens[i]!.kind !== "id") return false;
  const before = tokens[i - 1]?.text;
  if (before === "." || before === "?.") return tokens[i - 2]?.text === "globalThis";
  return tokens[i + 1]?.text !== ":" || (before !== "{" && before !== "," && before !== ";");
}
