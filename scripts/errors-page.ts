/** Writes docs/errors.md from the registry of errors. */
import { writeFileSync } from 'node:fs';
import { errorsPage } from '../src/platform/http/errors-page.js';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage());
