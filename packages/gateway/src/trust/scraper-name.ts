/** What a scraper may be called: in `scraper=`, and as the name of the credential that it shows. */
const SCRAPER_NAME = /^[a-zA-Z0-9._-]{1,64}$/;

/** For messages. */
export const SCRAPER_NAMES = 'names are 1 to 64 letters, digits, ".", "-" and "_"';

export function isScraperName(text: string): boolean {
  return SCRAPER_NAME.test(text);
}
