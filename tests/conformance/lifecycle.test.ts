/**
 * The order of calls into a save handler, as PHP 8.2 makes them, vector by vector.
 *
 * Where we differ by decision, a rule rewrites PHP's calls into ours. The rules are all the differences
 * there are; docs/explanation/differences-from-php.md tells of each in the words of its `told`.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createSessionManager } from '../../src/manager.js'
import { replay } from '../helpers/lifecycle-replay.js'
import { LIFECYCLE_VECTORS, phpLines, type LifecycleVector } from '../helpers/lifecycle-vectors.js'

const PAGE = readFileSync(
  new URL('../../docs/explanation/differences-from-php.md', import.meta.url),
  'utf8',
)

/** A difference: PHP's calls as a pattern over lines, and ours. */
interface Rule {
  readonly told: string
  readonly pattern: RegExp
  readonly ours: string | ((...found: string[]) => string)
}

const NEW = 'A visitor for whom nothing is stored leaves nothing behind'
const CLOSED = '`close` is called in every outcome'

/** In this order: the later ones see what the earlier ones made. */
const RULES: readonly Rule[] = [
  {
    told: 'A bad id from a visitor is absent',
    pattern: /open\nread (a;b|a\/b|\.\.\/x|a_b)\n([^]*?)write \1\n/g,
    ours: 'open\ncreate newid001\nread newid001\n$2write newid001\n',
  },
  {
    told: 'a stored session cannot be decoded',
    pattern: /(read (\S+)\n)destroy \2\nclose\n/g,
    ours: '$1close\ncreate newid001\n',
  },
  {
    told: CLOSED,
    pattern: /((?:open|read|write|touch|destroy)\b.* \(throws\)\n)/g,
    ours: '$1close\n',
  },
  { told: CLOSED, pattern: /(=function\(\)\{\}\n> .*\n)/g, ours: '$1close\n' },
  { told: 'a key contains', pattern: /(\['a\|b'\]=1\n> .*\n)write abc\n/g, ours: '$1' },
  {
    told: '`regenerate()` takes effect with `commit()`',
    pattern:
      /(write|destroy) abc.*\nclose\nopen\ncreate (\S+)\n(?:validate \S+\n)?read \2\n([^]*?)(?:destroy \2\nclose\nopen\ncreate (\S+)\nread \4\n([^]*?))?write (?:\2|\4)(.*)\nclose\n/g,
    ours(_, how = '', first = '', between = '', second = '', more = '', payload = '') {
      const chosen = `create ${first}\n${between}` + (second && `create ${second}\n${more}`)
      if (payload === '') return `${chosen}destroy abc\nclose\n`
      const retired = how === 'write' ? 'forward' : 'destroy'
      return `${chosen}open\nwrite ${second || first}${payload}\nclose\n${retired} abc\nclose\n`
    },
  },
  { told: NEW, pattern: /open\n(create \(throws\)\n)/g, ours: '$1' },
  {
    told: NEW,
    pattern:
      /open\n(validate \S+\n)?create (\S+)\nread \2\n(gc \d+\n)?(?:close\n|([^]*?)(?:write \2(.*)|destroy \2)\nclose\n)/g,
    ours(_, validate = '', id = '', gc = '', between = '', payload = '') {
      const asked = validate === '' ? '' : `open\n${validate}close\n`
      const empty = payload === '' || payload === ' a:0:{}'
      const stored = empty ? '' : `open\nwrite ${id}${payload}\nclose\n`
      return `${asked}create ${id}\n${gc}${between}${stored}`
    },
  },
  {
    told: '`reset()` reads again and opens nothing',
    pattern: /(> session_reset\(\)\n)open\n(?:validate \S+\n)?(read)/g,
    ours: '$1$2',
  },
  {
    told: '`createId(prefix)` asks for the whole id',
    pattern: /('pre-'\)\ncreate (\S+)\nvalidate )\2\n/g,
    ours: '$1pre-$2\n',
  },
]

/** Where a handler cannot tell what it knows, PHP's strict mode is off without a word. */
function strict({ ini, handler, store_b64 }: LifecycleVector): Rule | undefined {
  if (ini['session.use_strict_mode'] !== 1 || 'abc' in store_b64) return undefined
  if (!['Basic', 'BasicId', 'callable6'].includes(handler)) return undefined
  const [id, length] = handler === 'BasicId' ? ['newid001', 8] : ['random', 32]
  return {
    told: 'Strict mode works with every handler',
    pattern: /open\nread abc\n([^]*?)write abc len\|i:3;\n/g,
    ours: `open\nread abc\nclose\ncreate ${id}\n$1open\nwrite ${id} len|i:${length};\n`,
  }
}

/** PHP's own generator is no call into the handler: as if it were, for the rules. */
const withOwnIds = (lines: string) =>
  lines.replace(
    /open\n((?:validate abc\n)?)((?:validate random\n)?)read random/g,
    'open\n$1create random\n$2read random',
  )

/** Equal variables count as unchanged, whatever their order and the words for them. */
function reworded({ name, store_b64 }: LifecycleVector): Rule | undefined {
  if (!/re-ordered keys|not canonical/.test(name)) return undefined
  const stored = Buffer.from(store_b64['abc'] ?? '', 'base64').toString('latin1')
  return {
    told: 'Variables that were not changed are written back byte for byte',
    pattern: /write abc .*\nclose\n/g,
    ours: `touch abc ${stored}\nclose\n`,
  }
}

/** What PHP writes of a session that holds nothing, by what was stored. */
function emptied({ store_b64 }: LifecycleVector): Rule | undefined {
  const stored = store_b64['abc']
  if (stored === '') return undefined
  const pattern = /(?<![^\n]'a\|b'[^]*)write abc\nclose\n/g
  if (stored === undefined) return { told: NEW, pattern, ours: 'close\n' }
  const told = 'A session whose variables are all gone is destroyed at commit'
  return { told, pattern, ours: 'destroy abc\nclose\n' }
}

/** Kinds of vectors that say nothing about us, and why. */
const LEFT_OUT: readonly (readonly [
  why: string,
  told: string,
  is: (v: LifecycleVector) => boolean,
])[] = [
  [
    'answers of another type than the contract has: TypeScript refuses them',
    'Handlers answer what their types say',
    ({ forced_returns, category }) =>
      category !== 'create_id' &&
      Object.entries(forced_returns).some(([method, forced]) =>
        Object.values(forced).some(
          (value) => !['@default', '@throw', ...(ANSWERS[method] ?? [])].includes(value),
        ),
      ),
  ],
  [
    'an id that is taken: PHP goes on with the record of somebody else',
    'An id that is taken is not taken over',
    ({ id, store_b64, forced_returns }) =>
      'newid001' in store_b64 ||
      (id !== 'life-165' && id !== 'life-166' && 'validateId' in forced_returns),
  ],
  [
    'regenerate over a broken handler: another order, so nothing that could be compared',
    '`regenerate()` takes effect with `commit()`',
    ({ category, forced_returns }) =>
      category === 'regenerate' && Object.keys(forced_returns).length > 0,
  ],
  [
    'an id of the handler that is none',
    'Ids that a handler makes are checked',
    ({ forced_returns }) =>
      'create_sid' in forced_returns && !JSON.stringify(forced_returns).includes('@throw'),
  ],
  [
    'the global $_SESSION, and starting twice',
    'the global `$_SESSION`',
    ({ steps, handler }) =>
      handler === 'Recur' ||
      (steps.filter((step) => step.startsWith('session_start')).length > 1 &&
        !steps.some((step) => /close|destroy|abort|commit|id\(/.test(step))) ||
      steps.some((step) => /^\$_SESSION="|^unset\(\$_SESSION\)/.test(step)),
  ],
  [
    'names of variables that look like integers',
    'A name that looks like an integer is a name',
    ({ steps }) => steps.includes('$_SESSION=[1,2]'),
  ],
  [
    'settings are options of the manager, checked when it is made',
    'Setting options by `ini_set()`',
    ({ category }) => category === 'guards',
  ],
  [
    'PHP checks the methods of a class; here the types do',
    'Handlers answer what their types say',
    ({ handler }) => handler === 'Wrap',
  ],
]

/** What each method may answer, besides what the vector's own handler does. */
const ANSWERS: Readonly<Record<string, readonly unknown[]>> = {
  open: [true, false],
  read: [false, 'garbage', 'a|i:1'],
  write: [true, false],
  updateTimestamp: [true, false],
  validateId: [true, false],
  gc: [0, 3],
  create_sid: ['a b', 'bad/id', ''],
}

function reasonAgainst(vector: LifecycleVector): string | undefined {
  return LEFT_OUT.find(([, , is]) => is(vector))?.[0]
}

/** PHP's calls rewritten by the rules, and which of them had something to say. */
function expected(vector: LifecycleVector): { lines: string; told: string[] } {
  const told: string[] = []
  let lines = withOwnIds(phpLines(vector))
  for (const rule of [strict(vector), ...RULES, emptied(vector), reworded(vector)]) {
    if (rule === undefined) continue
    const ours = lines.replace(rule.pattern, rule.ours as string)
    if (ours !== lines) told.push(rule.told)
    lines = ours
  }
  return { lines: lines.replace(/^(?:> .*|create random)\n/gm, ''), told }
}

/** A record that forwards holds a time and an id; that it is one is all that matters here. */
const withoutStubs = (lines: string) =>
  lines.replace(/^write (\S+) __sessionz\|.*$/gm, 'forward $1')

const replayed = LIFECYCLE_VECTORS.filter((vector) => reasonAgainst(vector) === undefined)

describe("the calls into a save handler, in PHP's order", () => {
  it.each(replayed)('$id $category: $name', async (vector) => {
    const { lines, told } = expected(vector)
    const { lines: ours, stored } = await replay(vector)

    expect(withoutStubs(ours)).toBe(lines)
    if (told.length === 0)
      expect(Object.entries(stored)).toEqual(Object.entries(vector.store_after))
  })

  it('are compared for most vectors, and the page on differences tells of the others', () => {
    const left = LIFECYCLE_VECTORS.filter((vector) => reasonAgainst(vector) !== undefined)

    expect(replayed.length + left.length).toBe(LIFECYCLE_VECTORS.length)
    expect(replayed.length).toBeGreaterThan(80)
    for (const [, told] of LEFT_OUT) expect(PAGE).toContain(told)
    for (const { told } of RULES) expect(PAGE).toContain(told)
  })

  it('differ by every rule somewhere, so that none is there for nothing', () => {
    const all = new Set(replayed.flatMap((vector) => expected(vector).told))

    expect(RULES.filter(({ told }) => !all.has(told))).toEqual([])
  })
})

describe('the name of a session', () => {
  const named = LIFECYCLE_VECTORS.flatMap(({ trace }) =>
    trace.flatMap(({ stmt }) => /^session_name\((".*")\)$/.exec(stmt ?? '')?.[1] ?? []),
  )

  it.each(named)('%s is refused, where PHP warns or sends no cookie', (name) => {
    expect(() => createSessionManager({ name: JSON.parse(name) as string })).toThrow(/name/)
  })
})
