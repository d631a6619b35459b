import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError, type OptionSpec } from '@tributary/shared/options';
import { APPLICATION_SPECS } from './options.ts';

function refused(spec: OptionSpec<unknown>, text: string, message: RegExp): void {
  assert.throws(
    () => spec.parse([text]),
    (error: unknown) => error instanceof OptionError && message.test(error.message),
    text,
  );
}

test('applications are heard on loopback only', () => {
  for (const name of ['push.listen-address', 'statsd.listen-udp'] as const) {
    const spec = APPLICATION_SPECS[name];
    for (const text of ['', '127.0.0.1:9091', '[::1]:0', 'localhost:9125'])
      assert.equal(spec.parse([text]), text);
    refused(
      spec,
      '0.0.0.0:9091',
      /not loopback; applications need no credential here.*use 127\.0\.0\.1:9091/,
    );
    refused(spec, ':9091', /not loopback/);
    refused(spec, '9091', /not HOST:PORT/);
  }
});

test('buckets are numbers that ascend', () => {
  const spec = APPLICATION_SPECS['statsd.histogram-buckets'];
  assert.deepEqual(spec.parse(['0.1, 1,1e3']), [0.1, 1, 1000]);
  assert.deepEqual(spec.parse(['-1', '0']), [-1, 0]);
  refused(spec, '', /^"" is no upper bound/);
  refused(spec, '1, x', /^"x" is no upper bound/);
  refused(spec, '1,.inf', /^"\.inf" is no upper bound; \+Inf is there by itself/);
  refused(spec, '1,Infinity', /\+Inf is there by itself/);
  refused(spec, '1,1', /have to ascend/);
  refused(spec, Array.from({ length: 101 }, (_, i) => i).join(), /1 to 100 upper bounds/);
});
