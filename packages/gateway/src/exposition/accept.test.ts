import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiateFormat, negotiateGzip } from './accept.ts';

const FORMATS: [accept: string | undefined, format: 'openmetrics' | 'text', who: string][] = [
  [undefined, 'text', 'no header'],
  ['', 'text', 'an empty header'],
  ['*/*', 'text', 'curl'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text', 'a browser'],
  [
    'application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
    '2.5',
  ],
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
    '2.42',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'openmetrics',
    '3.5',
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;escaping=underscores;q=0.5,text/plain;version=1.0.0;q=0.4;escaping=allow-utf-8',
    'openmetrics',
    '3.0 with escaping doubled',
  ],
  ['text/plain;version=0.0.4;q=1,*/*;q=0.1', 'text', 'vmagent'],
  ['text/plain;version=1.0.0', 'text', 'a text format that we do not have'],
  ['application/openmetrics-text', 'openmetrics', 'no version'],
  ['Application/OpenMetrics-Text; Version="1.0.0"; Q=0.5', 'openmetrics', 'capitals and quotes'],
  ['application/openmetrics-text;version=2.0.0', 'text', 'an OpenMetrics that we do not have'],
  ['application/openmetrics-text;q=0', 'text', 'OpenMetrics refused'],
  ['application/openmetrics-text;q=0.3,text/plain;q=0.7', 'text', 'text wanted more'],
  ['application/openmetrics-text;q=0.3,*/*;q=0.7', 'text', 'anything wanted more'],
  ['application/openmetrics-text,text/plain', 'openmetrics', 'alike, OpenMetrics first'],
  ['text/plain,application/openmetrics-text', 'text', 'alike, text first'],
  ['*/*,application/openmetrics-text', 'openmetrics', 'alike, text not named'],
  [',;,=;q=x,application/openmetrics-text;;=;q=nonsense', 'openmetrics', 'rubbish'],
];

for (const [accept, format, who] of FORMATS) {
  test(`${who} gets ${format}`, () => assert.equal(negotiateFormat(accept), format));
}

const ENCODINGS: [acceptEncoding: string | undefined, gzip: boolean][] = [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['x-gzip', true],
  ['deflate, gzip;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000, *', false],
  ['*', true],
  ['*;q=0', false],
  ['identity', false],
  ['br', false],
];

for (const [acceptEncoding, gzip] of ENCODINGS) {
  test(`Accept-Encoding ${acceptEncoding} means ${gzip ? 'gzip' : 'plain'}`, () => {
    assert.equal(negotiateGzip(acceptEncoding), gzip);
  });
}
