/** This package's version, from the package itself: the same for the sources and for dist. */
import { createRequire } from 'node:module';

export const VERSION = (createRequire(import.meta.url)('../package.json') as { version: string }).version;
