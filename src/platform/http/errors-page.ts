import { type ErrorText, errorRegistry } from '../errors.js';
import { errorStatus } from './error-status.js';

/** `docs/errors.md`: the registry for people. `npx tsx scripts/errors-page.ts` writes it, a test compares. */
export function errorsPage(): string {
  const rows = Object.entries<ErrorText>(errorRegistry).map(([code, { zh, en, hint, hintZh }]) => {
    const status = errorStatus[code as keyof typeof errorStatus];
    return `| \`${code}\` | ${status} | ${cell(zh)}<br>${cell(en)} | ${cell(hintZh)}<br>${cell(hint)} |`;
  });
  return `# Errors

Every answer of the API that is not 2xx is JSON: \`{ "code", "message", "field"?, "allowed"?, "hint"?, "current"?, "requestId" }\`.
\`code\` is stable; \`message\` and \`hint\` follow Accept-Language (zh, en). \`field\` names what is wrong (\`body.urgency\`,
\`query.limit\`), \`allowed\` what fits instead; the value that was sent is never repeated. After a 4xx nothing has changed.
After a 503 the request may be tried again (\`Retry-After\`); give writes an \`Idempotency-Key\`.

This page is made from the registry: \`npx tsx scripts/errors-page.ts\`.

| code | status | meaning | what to do |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const cell = (text: string) => text.replaceAll('|', '\\|');
