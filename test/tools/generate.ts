/** `npm run generate`: writes the files that are made from the tables of options. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from '../support/generated.ts';
import { REPOSITORY } from '../support/programs.ts';

for (const [path, text] of generatedFiles()) {
  writeFileSync(join(REPOSITORY, path), text);
  process.stdout.write(`${path}\n`);
}
