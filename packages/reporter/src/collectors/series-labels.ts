/**
 * The names of the labels that this host's series have of their own. No collector can write another one (`ColumnWriter`
 * takes these only), so the list cannot fall behind them.
 *
 * It is for `--label`: a static label of such a name takes its place, since the target's labels come first, and the
 * series' own goes out as `exported_…`, where nobody looks for it.
 */
export const SERIES_LABELS = [
  'build_id',
  'clocksource',
  'code',
  'collector',
  'core',
  'cpu',
  'device',
  'device_error',
  'domainname',
  'fstype',
  'id',
  'id_like',
  'image_id',
  'image_version',
  'lv_layer',
  'lv_name',
  'machine',
  'major',
  'minor',
  'mode',
  'model',
  'mountpoint',
  'name',
  'nodename',
  'nodeversion',
  'package',
  'path',
  'pretty_name',
  'reason',
  'release',
  'revision',
  'rotational',
  'serial',
  'sysname',
  'time_zone',
  'type',
  'usage',
  'uuid',
  'variant',
  'variant_id',
  'version',
  'version_codename',
  'version_id',
  'vg_name',
  'wwn',
] as const;

export type SeriesLabel = (typeof SERIES_LABELS)[number];

export function isSeriesLabel(name: string): name is SeriesLabel {
  return SERIES_LABELS.some((label) => label === name);
}
