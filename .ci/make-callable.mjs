/**
 * The last step of the build: makes `require('sessionz/express')` the function itself, as
 * `require('express-session')` is, and its types say so (docs/decisions/0021-a-default-export.md).
 *
 * The bundler writes named exports and one called `default`; nothing it offers makes both of them.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const DIST = new URL('../dist/adapters/', import.meta.url)

rewrite('express.cjs', [[/$/, '\nmodule.exports = Object.assign(exports.default, exports);\n']])
rewrite('express.d.cts', [
  [
    /^declare const session: SessionFactory;$/m,
    'declare function session(options?: SessionOptions): SessionMiddleware;',
  ],
  [
    /^export (\{.*\bsession as default\b.*\});$/m,
    'declare namespace session {\n  export $1;\n}\nexport = session;',
  ],
])

/** Replaces each pattern, which has to be there. */
function rewrite(name, replacements) {
  const file = new URL(name, DIST)
  let text = readFileSync(file, 'utf8')
  for (const [pattern, replacement] of replacements) {
    if (!pattern.test(text)) throw new Error(`${name}: nothing matches ${pattern}`)
    text = text.replace(pattern, replacement)
  }
  writeFileSync(file, text)
}
