/** Values of a php.ini, and what the real PHP and we take them for. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { phpFlag, phpQuantity } from '../../src/lib/php-ini-values.js'
import { fromPhpIni } from '../../src/php-ini.js'
import { phpLines } from '../helpers/php-lines.js'
import { describeWith } from '../helpers/services.js'

interface Meaning {
  readonly quantity: number
  /** `null` where PHP refuses the value. */
  readonly lifetime: number | null
  readonly length: number | null
  readonly name: boolean
  readonly flag: boolean
}

// prettier-ignore
const SCRAPS = [
  '0', '00', '1', '7', '8', '26', '060', '32', '255', '0x', '0X1f', '0b', '0B10', '0o17', 'x', 'k', 'K', 'M', 'g', 'e3', '.', '.5', '-', '+', ' ', '\t', '\v',
  's', ' seconds', 'on', 'Yes', 'true', 'off', 'a', '1e5', '9',
]

const value = fc.array(fc.constantFrom(...SCRAPS), { maxLength: 4 }).map((words) => words.join(''))

function ours(text: string): Meaning {
  const set = (name: string) => fromPhpIni(`session.${name} = '${text}'\n`, { handlers: [] })
  return {
    quantity: phpQuantity(text),
    lifetime: set('cookie_lifetime').cookie?.lifetime ?? null,
    length: (set('sid_length').id as { length: number } | undefined)?.length ?? null,
    name: set('name').name !== undefined,
    flag: phpFlag(text),
  }
}

describeWith('php', 'a value in a php.ini', () => {
  it('means what it means to PHP', { timeout: 60_000 }, () => {
    const texts = fc.sample(value, { numRuns: 5000 })
    const lines = texts.map((text) => Buffer.from(text).toString('base64'))
    const theirs = phpLines<Meaning>('./php-ini-values.php', lines)

    expect(texts.map((text) => [text, ours(text)])).toEqual(
      texts.map((text, index) => [text, theirs[index]]),
    )
  })
})
