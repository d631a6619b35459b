/**
 * For the HEALTHCHECK of the gateway's image, in which there is no curl: asks the gateway beside it whether it lives. Who asks is
 * this container itself, and nothing but the status counts: so a certificate is taken as it is.
 */
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';

const ANSWER_MS_MAX = 4_000;
const env = process.env;
const port = /:(\d+)$/.exec(env.TRIBUTARY_GATEWAY_WEB_LISTEN_ADDRESS ?? '')?.[1] ?? '9750';
const asked = {
  host: '127.0.0.1',
  port,
  path: '/-/healthy',
  timeout: ANSWER_MS_MAX,
  rejectUnauthorized: false,
};

function ask(request) {
  return new Promise((resolve, reject) => {
    request(asked, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`the gateway answers ${response.statusCode}`));
    })
      .once('timeout', function expire() {
        this.destroy(new Error(`no answer within ${ANSWER_MS_MAX} ms`));
      })
      .once('error', reject)
      .end();
  });
}

// With a web configuration there mostly is TLS, which counts plain requests as failed handshakes. The gateway may also have been told of one
// by a flag, which is not seen here.
const [first, second] = env.TRIBUTARY_GATEWAY_WEB_CONFIG_FILE
  ? [requestSecure, requestPlain]
  : [requestPlain, requestSecure];

try {
  await ask(first).catch((error) =>
    ask(second).catch(() => {
      throw error;
    }),
  );
  process.exit(0);
} catch (error) {
  process.stdout.write(`${error.message}\n`);
  process.exit(1);
}
