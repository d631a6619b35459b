/**
 * A JSON Schema of a program's configuration file, for editors: they complete keys, show what each is for, and underline
 * what cannot be. It says no more than a schema can; `check-config` says all.
 *
 * Source of the format: json-schema.org/draft-07/schema, which editors' YAML plugins understand best.
 */
import { fileSchema } from './config-keys.ts';
import type { AnyObjectSchema, ConfigSchema, SchemaKeys } from './config-schema.ts';
import type { OptionForm, OptionSpec, OptionSpecs } from './options.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** As `parseDuration` and `parseSize` of units.ts take them. */
const DURATION = '^(0|(?=\\d)(\\d+y)?(\\d+w)?(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?)$';
const SIZE = '^(0|\\d+(B|KB|MB|GB|TB|PB))$';

/** A key without a value is as good as none. */
const NOTHING = { type: 'null' };

/** Texts are taken as they are written, so that `1.10` and `true` are texts, too. */
const TEXT = { type: ['string', 'number', 'boolean'] };

export function jsonSchema(title: string, specs: OptionSpecs, sections: SchemaKeys): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title,
    ...objectSchema(fileSchema(specs, sections)),
  };
}

function schemaOf(schema: ConfigSchema): JsonSchema {
  if (schema.kind === 'value') return described(schema.spec, { anyOf: [oneValue(schema.spec), NOTHING] });
  if (schema.kind === 'list') {
    const list = { type: 'array', maxItems: schema.itemsMax, items: schemaOf(schema.item) };
    return { anyOf: [list, NOTHING] };
  }
  const self = schema.self === null ? undefined : schema.keys[schema.self];
  const object = objectSchema(schema);
  if (self?.kind !== 'value') return { anyOf: [object, NOTHING] };
  return described(self.spec, { anyOf: [oneValue(self.spec), object, NOTHING] });
}

function objectSchema({ keys, required, oneOf }: AnyObjectSchema): JsonSchema {
  // Of which only one may be given.
  const apart = oneOf.flatMap((names) =>
    names.flatMap((one, i) => names.slice(i + 1).map((other) => ({ not: { required: [one, other] } }))),
  );
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(keys).map(([key, below]) => [key, schemaOf(below)])),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    ...(apart.length === 0 ? {} : { allOf: apart }),
  };
}

function described({ help, defaultText }: OptionSpec<unknown>, schema: JsonSchema): JsonSchema {
  return { description: defaultText === '' ? help : `${help} [${defaultText}]`, ...schema };
}

function oneValue({ form, isMap, repeatable }: OptionSpec<unknown>): JsonSchema {
  if (isMap === true) return { type: 'object', additionalProperties: { type: [...TEXT.type, 'null'] } };
  const one = form === undefined ? TEXT : formOf(form);
  return repeatable ? { anyOf: [one, { type: 'array', items: one }] } : one;
}

function formOf(form: OptionForm): JsonSchema {
  switch (form.kind) {
    case 'duration':
      // A bare 0 is a number.
      return {
        type: ['string', 'integer'],
        pattern: form.or === undefined ? DURATION : `^${form.or}$|${DURATION}`,
        maximum: 0,
      };
    case 'size':
      return { type: ['string', 'integer'], pattern: SIZE, maximum: 0 };
    case 'switch':
      return { type: 'boolean' };
    case 'number':
      return { type: 'integer', minimum: form.min, maximum: form.max };
    case 'choice':
      return { enum: form.choices };
  }
}
