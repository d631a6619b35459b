/** A Dockerfile as Docker would read it, checked by a linter first. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Copy, DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import type { Environment } from './deployment.ts';
import { REPOSITORY } from './programs.ts';

export interface CopyStep {
  /** The stage that it is from; null for the build context. */
  readonly from: string | null;
  readonly sources: readonly string[];
}

export interface Dockerfile {
  /** What the linter finds. */
  readonly mistakes: readonly string[];
  /** `name=value` of each ARG before the first stage. */
  readonly defaults: Environment;
  /** Images that stages are from, with these defaults put in, and the stages' names. */
  readonly stages: readonly { readonly image: string; readonly name: string | null }[];
  readonly copies: readonly CopyStep[];
  /** ENV of the last stage. */
  readonly env: Environment;
  /** The arguments of the last stage's last instruction of that name; undefined where there is none. */
  last(name: string): readonly string[] | undefined;
}

/** @param path beneath the repository */
export function readDockerfile(path: string): Dockerfile {
  const text = readFileSync(join(REPOSITORY, path), 'utf8');
  const parsed = DockerfileParser.parse(text);
  const all = parsed.getInstructions();
  const starts = all.filter((instruction) => instruction.getKeyword() === 'FROM');
  const first = starts[0];
  const final = all.slice(all.indexOf(starts.at(-1) ?? fail(`${path} has no FROM`)));
  const defaults = pairs(all.slice(0, first === undefined ? 0 : all.indexOf(first)), 'ARG');
  return {
    mistakes: validate(text).map(({ message, range }) => `${path}:${range.start.line + 1}: ${message}`),
    defaults,
    stages: starts.map((start) => {
      const [image = '', , name = null] = words(start);
      return { image: image.replaceAll(/\$\{(\w+)\}/g, (_, of: string) => defaults[of] ?? ''), name };
    }),
    copies: parsed.getCOPYs().map(copyStep),
    env: pairs(final, 'ENV'),
    last(name) {
      const found = final.findLast((instruction) => instruction.getKeyword() === name);
      return found === undefined ? undefined : words(found);
    },
  };
}

function fail(message: string): never {
  throw new Error(message);
}

function copyStep(copy: Copy): CopyStep {
  const from = copy.getFlags().find((flag) => flag.getName() === 'from');
  return { from: from?.getValue() ?? null, sources: words(copy).slice(0, -1) };
}

/** In exec form those of the JSON list. */
function words(instruction: Instruction): string[] {
  const strings = (instruction as Partial<JSONInstruction>).getJSONStrings?.() ?? [];
  if (strings.length > 0) return strings.map((string) => string.getJSONValue());
  return instruction.getArguments().map((argument) => argument.getValue());
}

function pairs(instructions: readonly Instruction[], keyword: string): Environment {
  return Object.fromEntries(
    instructions
      .filter((instruction) => instruction.getKeyword() === keyword)
      .flatMap(words)
      .map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}
