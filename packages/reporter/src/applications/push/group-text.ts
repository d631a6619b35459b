/** Pushed families as text, the way a client would push them, to be kept on disk and parsed again. */
import type { PushedFamily, PushedSample } from './prepare.ts';

export function familiesText(families: Iterable<PushedFamily>): string {
  let text = '';
  for (const { name, type, help, samples } of families) {
    text += `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`;
    for (const sample of samples)
      text += `${name}${sample.suffix}${labelsText(sample)} ${valueText(sample.value)}\n`;
  }
  return text;
}

function labelsText({ instance, labels }: PushedSample): string {
  const pairs: string[] = instance === '' ? [] : [`instance="${escaped(instance)}"`];
  for (let i = 0; i < labels.length; i += 2)
    pairs.push(`${labels[i] ?? ''}="${escaped(labels[i + 1] ?? '')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** Shortest that reads back as the same number. */
function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : Object.is(value, -0) ? '-0' : String(value);
}
