/**
 * Asks the reporter that runs beside this one how it is, for an image in which there is no other program that could: the
 * executable is its own curl.
 */
import { parseHostPort } from '@tributary/shared/loopback';
import { request } from '../node-http.ts';

const ANSWER_MS_MAX = 4_000;
/** What an image sets it to. */
const ADDRESS = '127.0.0.1:9751';

export interface Health {
  /** For the exit code: 0 when it is ready, 1 otherwise, as Docker takes it. */
  readonly code: 0 | 1;
  readonly message: string;
}

/** @param address its `--web.listen-address`. Never fails. */
export function askHealth(address: string = ADDRESS): Promise<Health> {
  const { promise, resolve } = Promise.withResolvers<Health>();
  const fail = (error: Error) => resolve({ code: 1, message: error.message });
  try {
    const { host, port } = parseHostPort(address, 9751);
    const asked = request({
      host: isEverywhere(host) ? '127.0.0.1' : host,
      port,
      path: '/-/ready',
      timeout: ANSWER_MS_MAX,
    });
    asked.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('error', fail);
      response.once('end', () =>
        resolve({ code: response.statusCode === 200 ? 0 : 1, message: text.trim() }),
      );
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`)));
    asked.once('error', fail);
    asked.end();
  } catch (error) {
    fail(error as Error);
  }
  return promise;
}

function isEverywhere(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}
