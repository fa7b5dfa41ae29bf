/* lint.mjs - the OpenAPI document against the recommended rules of Redocly's linter.
 *
 *   node lint.mjs DOCUMENT     a line a finding; warnings count as failures too */
import { createConfig, lint } from '@redocly/openapi-core';

const document = process.argv[2];
const config = await createConfig({ extends: ['recommended'] });
const found = await lint({ ref: document, config });
for (const one of found) console.log(`${one.ruleId}: ${one.message} at ${one.location[0]?.pointer ?? document}`);
const rules = Object.values(config.styleguide?.rules?.oas3_1 ?? config.rules?.oas3_1 ?? {}).filter((x) => x !== 'off' && x?.severity !== 'off').length;
if (rules < 20) found.push(console.log(`only ${rules} rules are on: was this the recommended set?`));
console.log(`${rules - Math.min(rules, found.length)} passed, ${found.length} failed`);
process.exit(found.length ? 1 : 0);
