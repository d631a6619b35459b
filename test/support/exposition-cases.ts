/**
 * Bodies that targets may answer with, for the question whether the reporter takes and refuses what Prometheus does, and
 * whether the same is stored in the end (exposition-text-agreement.test.ts).
 */
export interface ExpositionCase {
  readonly name: string;
  readonly contentType: string | null;
  readonly body: Buffer;
  /** Why the reporter is meant to take what Prometheus refuses, or to store something else. */
  readonly differs?: string;
  /** Why types are meant to be others. */
  readonly typesDiffer?: string;
  /** Its samples have times of their own. */
  readonly timed?: true;
}

interface Extra {
  readonly timed?: true;
  readonly differs?: string;
  readonly typesDiffer?: string;
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

function text(name: string, body: string | Buffer, extra: Extra = {}): ExpositionCase {
  return { name: `text: ${name}`, contentType: TEXT, body: Buffer.from(body), ...extra };
}

/** @param body without its `# EOF`. */
function open(name: string, body: string, extra: Extra = {}): ExpositionCase {
  const whole = Buffer.from(`${body}# EOF\n`);
  return { name: `openmetrics: ${name}`, contentType: OPENMETRICS, body: whole, ...extra };
}

function typed(contentType: string | null, body: string, extra: Extra = {}): ExpositionCase {
  return { name: `type ${contentType}: ${body}`, contentType, body: Buffer.from(body), ...extra };
}

const QUOTED = 'the wire takes plain names only: such a sample is left out and counted';
const GATEWAYS_OWN = 'the gateway takes no tributary_* of hosts: left out and counted';

/** @param now a moment of late, in ms, for bodies with timestamps. */
export function expositionCases(now: number): readonly ExpositionCase[] {
  return [
    ...textLines(now),
    ...textFamilies(),
    ...openMetricsLines(now),
    ...openMetricsFamilies(now),
    ...types(),
  ];
}

function textLines(now: number): readonly ExpositionCase[] {
  const at = (secondsAgo: number) => String(now - secondsAgo * 1000);
  return [
    text('plain', 'a 1\nb{x="1",y="2"} 2\n'),
    text('an empty body', ''),
    text('the last line has no end', 'a 1'),
    text('line ends of Windows', 'a 1\r\nb 2\r\n'),
    text('empty lines and comments', '\n# a comment\n#\n#HELPLESS x\n# TYPE\n# HELPING\n  \t\n a 1\n', {
      differs: 'blanks before a name are no part of it: Prometheus 3 stores a series called " a"',
    }),
    text('blanks everywhere', 'a\t{ x = "1" , }\t1\t\n'),
    text('no blank before the value', 'a{x="1"}1\n'),
    text('no comma between labels', 'a{x="1" y="2"} 1\n'),
    text('empty braces', 'a{} 1\n'),
    text('a comma first', 'a{,x="1"} 1\n'),
    text('two commas', 'a{x="1",,y="2"} 1\n'),
    text('a second pair of braces', 'a{x="1"}{y="2"} 1\n'),
    text('a label twice', 'a{x="1",x="2"} 1\n'),
    text('an empty label', 'a{x="",y="2"} 1\n'),
    text('escapes', 'a{x="q\\"uo\\\\te\\n",y="\\t\\x"} 1\n'),
    text('braces and blanks in labels', 'a{x="/{id} 5",y="} 7"} 1\n'),
    text('a raw line break in a label', 'a{x="1\n2"} 1\nb 2\n'),
    text('no ASCII', 'a{x="größe ☃ 𝄞"} 1\n'),
    text('no UTF-8 in a label', Buffer.from('a{x="gr\xf6\xdfe"} 1\n', 'latin1')),
    text('no UTF-8 in a comment', Buffer.from('# gr\xf6\xdfe\na 1\n', 'latin1'), {
      differs: 'a body is UTF-8 or it is not; Prometheus looks at labels and help only',
    }),
    text('a byte order mark', '\ufeffa 1\n'),
    text('a NUL in a label', 'a{x="1\0"} 1\nb 2\n', { differs: 'the wire has no NUL: left out and counted' }),
    text('a long label', `a{x="${'x'.repeat(3000)}"} 1\nb 2\n`, {
      differs: 'the wire has labels of 2048 characters: left out and counted',
    }),
    text('unclosed', 'a{x="1} 1\n'),
    text('unclosed braces', 'a{x="1"\n'),
    text('no quote', 'a{x=1} 1\n'),
    text('no equals sign', 'a{x} 1\n'),
    text('no value', 'a\n'),
    text('no value behind labels', 'a{x="1"} \n'),
    text('a name that begins with a digit', '1a 1\n'),
    text('colons', 'a:b 1\n'),
    text('a name in quotes', '{"a.b",x="1"} 1\nb 2\n', { differs: QUOTED }),
    text('a plain name in quotes', '# TYPE "a_b" gauge\n{"a_b","x"="1"} 1\n'),
    text('a label name in quotes', 'a{"x.y"="1"} 1\nb 2\n', { differs: QUOTED }),
    text('two names', 'a{"b"} 1\n'),
    text('no name', '{x="1"} 1\n'),
    text('an empty name', '{""} 1\n'),
    text('the name as a label', 'a{__name__="b"} 1\n'),
    text('a reserved label', 'a{__x="1"} 1\nb 2\n', {
      differs: 'the wire has no labels that begin with __: left out and counted',
    }),
    text('labels of targets', 'a{job="x",instance="y"} 1\n'),
    text('empty labels of targets', 'a{job="",instance="",host=""} 1\n'),
    text('the gateway’s name', 'tributary_host_up 1\nb 2\n', { differs: GATEWAYS_OWN }),
    text(
      'numbers',
      'a 1\nb -2.\nc .5\nd +1e3\ne 1E-2\nf NaN\ng +Inf\nh -inf\ni 1e-999\nj 123456789012345678\n',
    ),
    ...['0x10', '1_000', '1e999', '+nan', 'one', '1,5', '--1', 'e5', '.', '1{'].map((bad) =>
      text(`the value ${bad}`, `a ${bad}\n`),
    ),
    text('timestamps', `a 1 ${at(20)}\na{x="1"} 2 ${at(10)} \n`, { timed: true }),
    text('several points', `a 1 ${at(30)}\na 2 ${at(20)}\na 3 ${at(10)}\n`, { timed: true }),
    text('points out of order', `a 1 ${at(10)}\na 2 ${at(20)}\na 3 ${at(10)}\na 4 ${at(5)}\n`, {
      timed: true,
    }),
    text('a time before 1970', 'a 1 -5\n'),
    text('half a millisecond', 'a 1 1.5\n'),
    text('more behind the time', `a 1 ${at(1)} 3\n`),
    text('an exemplar', 'a 1 # {x="1"} 2\n'),
    text('a series twice', 'a{x="1"} 1\na{x="1"} 2\nb 3\n'),
    text('a series twice, spelled otherwise', 'a{x="1",y="2"} 1\na{y="2",x="1"} 2\n'),
    text('a page', '<html>\n<body>It works!</body>\n</html>\n'),
  ];
}

function textFamilies(): readonly ExpositionCase[] {
  const buckets = (...bounds: readonly string[]) =>
    bounds.map((le, i) => `h_bucket{le="${le}"} ${i}\n`).join('');
  return [
    text('types', '# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n# TYPE c untyped\nc 1\nd 1\n', {
      typesDiffer: 'a counter without _total is none in OpenMetrics: the gateway shows it as unknown',
    }),
    text('help', '# HELP a A \\\\ and\\na "line"\n# TYPE a gauge\na 1\n# HELP b\nb 1\n'),
    text('TYPE behind samples', 'a 1\n# TYPE a gauge\na{x="1"} 2\n'),
    text('TYPE twice', '# TYPE a gauge\n# TYPE a gauge\na 1\n'),
    text('TYPE twice, not the same', '# TYPE a_total gauge\n# TYPE a_total counter\na_total 1\n'),
    text('HELP without samples', '# HELP none x\n# TYPE none gauge\na 1\n'),
    text('HELP twice', '# HELP a x\n# HELP a y\na 1\n'),
    text('families apart', '# TYPE a gauge\na{x="1"} 1\nb 2\na{x="2"} 3\n'),
    text('a type of OpenMetrics', '# TYPE a info\na 1\n'),
    text('two blanks before a type', '# TYPE a  gauge\na 1\n'),
    text('a blank behind a type', '# TYPE a gauge \na 1\n'),
    text('two blanks before a name', '#  TYPE  a gauge\na 1\n'),
    text('no type', '# TYPE a\na 1\n'),
    text('TYPE without a name', '# TYPE \na 1\n'),
    text('HELP of a name that is none', '# HELP a.b text\na 1\n'),
    text('HELP of nothing', '# HELP 1a text\na 1\n'),
    text('a counter', '# TYPE a_total counter\na_total 1\n'),
    text('a counter declared without _total', '# TYPE a counter\na_total{x="1"} 1\n'),
    text(
      'a histogram',
      `# TYPE h histogram\n${buckets('0.5', '1', '10', '1234567', '+Inf')}h_sum 4\nh_count 3\n`,
    ),
    text(
      'bounds of all sizes',
      `# TYPE h histogram\n${buckets('1e-7', '0.00001', '0.0001', '100000', '1000000', '1e21', '5e22', '-1', '0', '+Inf')}`,
    ),
    text('infinity in another spelling', `# TYPE h histogram\n${buckets('1', 'inf')}h_sum 3\nh_count 3\n`),
    text('the same bound twice', `# TYPE h histogram\n${buckets('1', '1.0', '+Inf')}`),
    text('a histogram without a sum', `# TYPE h histogram\n${buckets('1', '+Inf')}h_count 3\n`, {
      typesDiffer: 'the gateway shows a histogram of a count without a sum as unknown',
    }),
    text('a histogram with no last bucket', `# TYPE h histogram\n${buckets('1', '2')}`, {
      typesDiffer: 'the gateway shows a histogram without +Inf as unknown',
    }),
    text('a histogram with a plain sample', `# TYPE h histogram\n${buckets('1', '+Inf')}h{le="2"} 5\n`, {
      typesDiffer: 'no such lines go with a histogram: the family goes out untyped',
    }),
    text('a bucket without a bound', `# TYPE h histogram\nh_bucket 1\n${buckets('1', '+Inf')}`, {
      typesDiffer: 'no such lines go with a histogram: the family goes out untyped',
    }),
    text('a bound that is none', `# TYPE h histogram\n${buckets('one', '2', '+Inf')}`, {
      typesDiffer: 'no such lines go with a histogram: the family goes out untyped',
    }),
    text('a bound behind another TYPE', '# TYPE h histogram\nother{le="1"} 1\n', {
      differs: 'Prometheus 3 rewrites the bounds of whatever stands behind the TYPE of a histogram',
    }),
    text('a summary', '# TYPE s summary\ns{quantile="0.5"} 1\ns{quantile="1"} NaN\ns_sum 4\ns_count 3\n'),
    text('a summary with a plain sample', '# TYPE s summary\ns{quantile="1"} 1\ns 2\ns_sum 4\n', {
      typesDiffer: 'no such lines go with a summary: the family goes out untyped',
    }),
    text('a quantile of a hundred', '# TYPE s summary\ns{quantile="50"} 1\ns{quantile="99.9"} 2\ns_sum 4\n', {
      typesDiffer: 'no such lines go with a summary: the family goes out untyped',
    }),
    text(
      'suffixes that mean nothing',
      'a_sum 1\n# TYPE s summary\ns_bucket 1\ns_sum 2\n# TYPE g gauge\ng_count 1\n',
      { typesDiffer: 'nothing is told of the family g, which has no samples' },
    ),
    text(
      'a family within another',
      `# TYPE h histogram\n# TYPE h_count gauge\n${buckets('1.0', '+Inf')}h_count 5\n`,
      {
        typesDiffer: 'the gateway gives one name to one family',
      },
    ),
  ];
}

function openMetricsLines(now: number): readonly ExpositionCase[] {
  const at = (secondsAgo: number) => (now / 1000 - secondsAgo).toFixed(3);
  return [
    open('plain', 'a 1\nb{x="1",y="2"} 2\n'),
    open('nothing', ''),
    typed(OPENMETRICS, 'a 1\n# EOF'),
    typed(OPENMETRICS, 'a 1\n'),
    typed(OPENMETRICS, ''),
    typed(OPENMETRICS, 'a 1'),
    typed(OPENMETRICS, 'a 1\n# EOF\na 2\n'),
    typed(OPENMETRICS, 'a 1\n# EOF\n\n'),
    typed(OPENMETRICS, 'a 1\n# EOFx\n'),
    typed(OPENMETRICS, 'a 1\n# EOF \n'),
    open('an empty line', 'a 1\n\nb 2\n'),
    open('a comment', '# a comment\na 1\n'),
    open('a comment with a tab', '#\tTYPE a gauge\na 1\n'),
    open('line ends of Windows', 'a 1\r\n'),
    open('two blanks', 'a  1\n'),
    open('a tab', 'a\t1\n'),
    open('a blank behind', 'a 1 \n'),
    open('a blank before', ' a 1\n'),
    open('a blank before braces', 'a {x="1"} 1\n'),
    open('a blank between labels', 'a{x="1", y="2"} 1\n'),
    open('no comma between labels', 'a{x="1"y="2"} 1\n'),
    open('a comma behind the last label', 'a{x="1",} 1\n'),
    open('empty braces', 'a{} 1\n'),
    open('escapes', 'a{x="q\\"uo\\\\te\\n",y="\\t"} 1\n'),
    open('braces and blanks in labels', 'a{x="/{id} 5",y="} 7"} 1\n'),
    open('a raw line break in a label', 'a{x="1\n2"} 1\n'),
    open('a name in quotes', '{"a.b",x="1"} 1\nb 2\n', { differs: QUOTED }),
    open('a plain name in quotes', '# TYPE "a_b" gauge\n{"a_b"} 1\n'),
    open('numbers', 'a 1\nb -2.\nc .5\nd NaN\ne nan\nf +Inf\ng inf\nh 1e3\n'),
    open('no value', 'a \n'),
    open('a series twice', 'a 1\na 2\nb 3\n'),
    open('seconds', `a 1 ${at(20)}\nb 2 ${at(10)}\n`, { timed: true }),
    open('several points', `a 1 ${at(30)}\na 2 ${at(20)}\na 3 ${at(10)}\n`, { timed: true }),
    open('exponents in seconds', `a 1 ${(now / 1e12 - 1e-8).toFixed(12)}e9\n`, { timed: true }),
    open('microseconds', `a 1 ${at(10)}999\n`, { timed: true }),
    open('no time', 'a 1 NaN\n'),
    open('more behind the time', `a 1 ${at(1)} 3\n`),
    open('an exemplar', 'a_total 1 # {trace_id="a} b"} 0.5\n'),
    open('an exemplar with a time', `a_total 1 ${at(5)} # {} 0.5 ${at(6)}\n`, { timed: true }),
    open('an exemplar without a value', 'a_total 1 # {x="1"}\n'),
    open('an exemplar that is not closed', 'a_total 1 # {x="1" 2\n'),
    open('an exemplar of no number', 'a_total 1 # {x="1"} one\n'),
    open('an exemplar with a name', 'a_total 1 # {"x"} 1\n'),
    open('two exemplars', 'a_total 1 # {x="1"} 1 # {x="2"} 2\n'),
  ];
}

function openMetricsFamilies(now: number): readonly ExpositionCase[] {
  const created = (now / 1000 - 3600).toFixed(3);
  const alone = 'what OpenMetrics says of the family, the gateway says of its sample names';
  return [
    open('untyped', '# TYPE a untyped\na 1\n'),
    open('unknown', '# TYPE a unknown\na 1\n'),
    open('a gauge', '# HELP a A \\"line\\"\n# TYPE a gauge\na 1\n'),
    open('a unit', '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n'),
    open('an empty unit', '# TYPE a gauge\n# UNIT a \na 1\n'),
    open('a unit of another', '# TYPE a gauge\n# UNIT a seconds\na 1\n'),
    open('HELP without a blank', '# HELP a\na 1\n'),
    open('an empty HELP', '# HELP a \na 1\n'),
    open('two blanks before a type', '# TYPE a  gauge\na 1\n'),
    open('TYPE behind samples', 'a 1\n# TYPE a gauge\n'),
    open('TYPE twice', '# TYPE a gauge\n# TYPE a gauge\na 1\n'),
    open('families apart', '# TYPE a gauge\na{x="1"} 1\nb 2\na{x="2"} 3\n'),
    open('a counter', '# HELP a Of all.\n# TYPE a counter\na_total{x="1"} 1\na_total{x="2"} 2\n'),
    open('a counter with its beginning', `# TYPE a counter\na_total 1\na_created ${created}\n`),
    open(
      'a counter with a beginning of another',
      `# TYPE a counter\na_total{x="1"} 1\na_created{x="2"} ${created}\n`,
      {
        typesDiffer:
          'the gateway shows a counter beside a _created that is about none of its metrics as unknown',
      },
    ),
    open(
      'a summary with its beginning',
      `# TYPE s summary\ns{x="1",quantile="0.5"} 1\ns_sum{x="1"} 3\ns_count{x="1"} 2\ns_created{x="1"} ${created}\n`,
    ),
    open('a counter without _total', '# TYPE a counter\na 1\n', {
      typesDiffer: 'a counter without _total is none in OpenMetrics: the gateway shows it as unknown',
    }),
    open('a counter declared with _total', '# TYPE a_total counter\na_total 1\n'),
    open('an info', '# TYPE a info\na_info{version="1"} 1\n'),
    open('an info without _info', '# TYPE a info\na{version="1"} 1\n', { typesDiffer: alone }),
    open('a stateset', '# TYPE a stateset\na{a="on"} 1\na{a="off"} 0\n'),
    open('a stateset without states', '# TYPE a stateset\na{b="on"} 1\n', { typesDiffer: alone }),
    open(
      'a histogram',
      `# TYPE h histogram\nh_bucket{le="1.0"} 1 # {x="1"} 0.5\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n`,
    ),
    open(
      'a histogram with its beginning',
      `# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\nh_created ${created}\n`,
    ),
    open(
      'a gaugehistogram',
      '# TYPE g gaugehistogram\ng_bucket{le="1.0"} 1\ng_bucket{le="+Inf"} 2\ng_gcount 2\ng_gsum 3\n',
      { typesDiffer: 'the wire has no gaugehistogram: its sample names become gauges' },
    ),
    open('a summary', '# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 2\ns_count 3\n'),
  ];
}

function types(): readonly ExpositionCase[] {
  const lenient =
    'read as text 0.0.4 where Prometheus 3 wants fallback_scrape_protocol (content-type.ts says why)';
  return [
    typed('text/plain', 'a 1\n'),
    typed('TEXT/PLAIN;charset=UTF-8', 'a 1\n'),
    typed('text/plain; version=1.0.0; escaping=allow-utf-8', 'a 1\n'),
    typed('application/openmetrics-text', 'a 1\n# EOF\n'),
    typed('application/openmetrics-text; version=0.0.1', 'a 1\n# EOF\n'),
    typed('application/vnd.google.protobuf', 'a 1\n'),
    typed(null, ''),
    typed('application/vnd.google.protobuf', ''),
    typed(null, 'a 1\n', { differs: lenient }),
    typed('', 'a 1\n', { differs: lenient }),
    typed('application/octet-stream', 'a 1\n', { differs: lenient }),
    typed('text/html', 'a 1\n', { differs: lenient }),
    typed('application/json', '{"a":1}\n'),
  ];
}
