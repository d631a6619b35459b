/** The options of the inventory, apart from it: the command line knows them, and seldom loads the rest. */
import { durationOption, type OptionValues, switchOption } from '@tributary/shared/options';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export const INVENTORY_OPTIONS = {
  interval: durationOption({
    help: 'How often the hardware is looked at.',
    defaultMs: HOUR_MS,
    minMs: MINUTE_MS,
  }),
  serials: switchOption({ help: "Tell serial numbers and the machine's UUID.", default: false }),
};

export type InventoryOptions = OptionValues<typeof INVENTORY_OPTIONS>;
