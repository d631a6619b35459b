/** `--config.auto-reload-interval` of both programs. */
import { durationOption, OptionError, type OptionSpec } from '@tributary/shared/options';

/** As Prometheus's `--config.auto-reload-interval`. */
export function autoReloadOption(): OptionSpec<number> {
  const spec = durationOption({
    help: 'How often it is looked whether the configuration has changed, which is then read anew; 0s for never.',
    defaultMs: 0,
  });
  const parse = (texts: readonly string[]) => {
    const ms = spec.parse(texts);
    if (ms === 0 || ms >= 1000) return ms;
    throw new OptionError(`${texts[0]} is too short; at least 1s is needed, or 0s for never`);
  };
  return { ...spec, parse };
}
