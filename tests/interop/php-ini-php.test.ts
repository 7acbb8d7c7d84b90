/** Lines of a php.ini, read by the real PHP and by us. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IniSyntaxError, parsePhpIni } from '../../src/lib/php-ini.js'
import { phpLines } from '../helpers/php-lines.js'
import { describeWith } from '../helpers/services.js'

// PHP takes a line end along with a dollar before it, and drops what stands before a tab in a name.
// prettier-ignore
const SCRAPS = [
  'a', 'session.name', ' = ', '=', ' =', '"', '"x y"', "'a\\b'", '\\', '\\"', '"a\\"b\\\\c\\d"', ' ', '1\t"x"\t2', ';', '; c', '\n', '\r\n', 'on', 'Off', 'yes',
  'no', 'none', 'null', 'true', 'E_ALL', ' & ', '~', '|', '^', '!', '(', ')', '12', '-3', '1.5', '0x1F', '${X}', '"${X}/x"', 'a$y', '[PHP]', '[', ']',
  'foo bar', '5;0600;/tmp', '/var/lib', 'é', '#', '{', '}', 'M_X', ',', '-', '1M',
]

const ini = fc
  .tuple(fc.constantFrom('k = ', 'a '), fc.array(fc.constantFrom(...SCRAPS), { maxLength: 7 }))
  .map(([start, scraps]) => `${start}${scraps.join('')}\n`)

describeWith('php', 'a php.ini', () => {
  it('that PHP reads says the same here', { timeout: 60_000 }, () => {
    const texts = fc.sample(ini, { numRuns: 20_000 })
    const lines = texts.map((text) => Buffer.from(text).toString('base64'))
    const theirs = phpLines<Record<string, string> | false>('./php-ini.php', lines)
    const both = texts.map((text, index) => [text, theirs[index]] as const)
    const readable = both.filter(([, read]) => read !== false)

    expect(readable.length).toBeGreaterThan(5000)
    expect(readable.map(([text]) => [text, ours(text)])).toEqual(readable)
  })
})

function ours(text: string): unknown {
  try {
    return Object.fromEntries(parsePhpIni(text))
  } catch (error) {
    if (!(error instanceof IniSyntaxError)) throw error
    return error.message
  }
}
