/**
 * YAML, and JSON which is a part of it, to a tree with positions. js-yaml's parser tells a flat list of events with their
 * places in the text; its own construction of objects, which loses the places, is not used.
 *
 * Left out on purpose: merge keys (`<<`) and tags, which no value of a configuration needs. Aliases are followed.
 */

import type {
  ConfigEntry,
  ConfigNode,
  ConfigProblem,
  ConfigReading,
  ConfigScalar,
} from '@tributary/shared/config-tree';
import { quote } from '@tributary/shared/names';
import {
  type AliasEvent,
  EVENT_ALIAS,
  EVENT_DOCUMENT,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE_PLAIN,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
import { Lines } from './lines.ts';
import { explain } from './yaml-mistakes.ts';

/** Maps and lists inside of each other. No key lies deeper than six. */
const DEPTH_MAX = 32;
/** Of the whole tree, with each alias counted as what it stands for. */
const NODES_MAX = 100_000;

/** @param nodesMax as `NODES_MAX`, for files that are not our own */
export function parseYaml(text: string, nodesMax = NODES_MAX): ConfigReading {
  const lines = new Lines(text);
  try {
    const builder = new TreeBuilder(text, lines, parseEvents(text, { maxDepth: DEPTH_MAX }), nodesMax);
    return { tree: builder.document(), problems: builder.problems };
  } catch (error) {
    if (error instanceof Refusal) return refused(error.line, error.message);
    if (!(error instanceof YAMLException)) throw error;
    return refused((error.mark?.line ?? 0) + 1, explain(error.reason));
  }
}

/** What makes the rest of the file unreadable. */
class Refusal extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

function refused(line: number, message: string): ConfigReading {
  return { tree: null, problems: [{ line, message }] };
}

interface Anchored {
  readonly node: ConfigNode;
  readonly size: number;
}

class TreeBuilder {
  readonly problems: ConfigProblem[] = [];
  readonly #text: string;
  readonly #lines: Lines;
  readonly #events: readonly Event[];
  readonly #nodesMax: number;
  readonly #anchors = new Map<string, Anchored>();
  #next = 0;
  #size = 0;
  /** Where the last thing that has a place ended. */
  #offset = 0;

  constructor(text: string, lines: Lines, events: readonly Event[], nodesMax: number) {
    this.#text = text;
    this.#lines = lines;
    this.#events = events;
    this.#nodesMax = nodesMax;
  }

  document(): ConfigNode | null {
    if (this.#events[this.#next]?.type !== EVENT_DOCUMENT) return null;
    this.#next++;
    const tree = this.#events[this.#next]?.type === EVENT_POP ? null : this.#node(1);
    this.#next++;
    if (this.#next < this.#events.length)
      throw new Refusal(this.#lineOfSecond(), 'a second document begins here; a file can have only one');
    return tree;
  }

  #lineOfSecond(): number {
    const marker = /^---/m.exec(this.#text.slice(this.#offset));
    if (marker !== null) return this.#lines.at(this.#offset + marker.index);
    // Behind the end of a document (`...`) the marker may be left out.
    const first = this.#events[this.#next + 1];
    if (first?.type === EVENT_SCALAR) return this.#lines.at(first.valueStart);
    return this.#lines.at(first !== undefined && 'start' in first ? first.start : this.#offset);
  }

  /** @param line of the key, for a value that is not there and so has no place. */
  #node(line: number): ConfigNode {
    const event = this.#events[this.#next++];
    if (event === undefined || event.type === EVENT_POP || event.type === EVENT_DOCUMENT)
      throw new RangeError('the events of the parser are not balanced');
    if (event.type === EVENT_ALIAS) return this.#alias(event);
    this.#count(1, line);
    const sizeBefore = this.#size;
    const node = event.type === EVENT_SCALAR ? this.#scalar(event, line) : this.#collection(event);
    if (event.tagStart >= 0 && event.type !== EVENT_SCALAR) this.#refuseTag(event);
    if (event.anchorStart >= 0)
      this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), {
        node,
        size: this.#size - sizeBefore + 1,
      });
    return node;
  }

  #collection(event: Extract<Event, { start: number }>): ConfigNode {
    this.#offset = event.start;
    const line = this.#lines.at(event.start);
    const node = event.type === EVENT_SEQUENCE ? this.#list(line) : this.#map(line);
    this.#next++;
    return node;
  }

  #list(line: number): ConfigNode {
    const items: ConfigNode[] = [];
    while (!this.#isAtEnd()) items.push(this.#node(this.#lines.at(this.#offset)));
    return { kind: 'list', line, items };
  }

  #map(line: number): ConfigNode {
    const entries = new Map<string, ConfigEntry>();
    while (!this.#isAtEnd()) {
      const key = this.#node(this.#lines.at(this.#offset));
      const value = this.#node(key.line);
      if (key.kind !== 'scalar') {
        this.#tell(key.line, `a ${key.kind} cannot be a key`);
        continue;
      }
      const first = entries.get(key.text);
      if (first === undefined) entries.set(key.text, { key: key.text, line: key.line, value });
      else this.#tell(key.line, `the key ${quote(key.text)} was given in line ${first.line} already`);
    }
    return { kind: 'map', line, entries: [...entries.values()] };
  }

  #scalar(event: ScalarEvent, lineOfKey: number): ConfigScalar {
    const isThere = event.valueStart >= 0;
    if (isThere) this.#offset = event.valueEnd;
    const line = isThere ? this.#lines.at(event.valueStart) : lineOfKey;
    const text = isThere ? getScalarValue(this.#text, event) : '';
    // The tag is looked at in any case: it is a mistake before quotes, too.
    const isText = this.#isTaggedText(event) || event.style !== SCALAR_STYLE_PLAIN;
    return { kind: 'scalar', line, text, type: isText ? 'text' : plainType(text) };
  }

  #alias(event: AliasEvent): ConfigNode {
    const name = this.#text.slice(event.anchorStart, event.anchorEnd);
    const line = this.#lines.at(event.anchorStart);
    this.#offset = event.anchorEnd;
    const anchored = this.#anchors.get(name);
    if (anchored === undefined)
      // Not by its name: a password may begin with a star.
      throw new Refusal(line, 'this alias has no anchor before it; quote text that begins with *');
    this.#count(anchored.size, line);
    return anchored.node;
  }

  #isTaggedText(event: ScalarEvent): boolean {
    if (event.tagStart < 0) return false;
    const tag = this.#text.slice(event.tagStart, event.tagEnd);
    if (tag !== '!' && tag !== '!!str') this.#refuseTag(event);
    return true;
  }

  #refuseTag({ tagStart }: { readonly tagStart: number }): void {
    this.#tell(this.#lines.at(tagStart), 'tags mean nothing here; quote text that begins with !');
  }

  #isAtEnd(): boolean {
    return this.#events[this.#next]?.type === EVENT_POP;
  }

  #count(nodes: number, line: number): void {
    this.#size += nodes;
    if (this.#size <= this.#nodesMax) return;
    throw new Refusal(
      line,
      `there are more than ${this.#nodesMax} values up to here, those that aliases repeat among them`,
    );
  }

  #tell(line: number, message: string): void {
    this.problems.push({ line, message });
  }
}

const NULL = /^(|~|null|Null|NULL)$/;
const BOOLEAN = /^(true|True|TRUE|false|False|FALSE)$/;
const NUMBER = /^([-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|0o[0-7]+|0x[\da-f]+|[-+]?\.inf|\.nan)$/i;

/** By YAML's core schema (YAML 1.2.2, 10.3.2). */
function plainType(text: string): ConfigScalar['type'] {
  if (NULL.test(text)) return 'null';
  if (BOOLEAN.test(text)) return 'boolean';
  return NUMBER.test(text) ? 'number' : 'text';
}
