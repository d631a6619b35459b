/** What the tests use of ensure-installed.mjs. */
export function ensureInstalled(options?: {
  readonly root?: string;
  readonly build?: boolean;
  readonly say?: (text: string) => void;
}): Promise<string>;
