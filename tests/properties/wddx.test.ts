import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../src/errors.js'
import { PhpFloat, PhpObject } from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { createWddxSerializer, wddxSerializer } from '../../src/serializers/wddx.js'

const { encode, decode } = wddxSerializer
const exact = createWddxSerializer({ exact: true, maxDepth: 4096, maxLength: Infinity })

const record = (entries: readonly (readonly [string, unknown])[]): SessionData => {
  const data = Object.create(null) as SessionData
  for (const [name, value] of entries) data[name] = value
  return data
}
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** What XML, PHP and JavaScript each have their own idea of. */
const awkward = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  '<',
  '&amp;',
  "']]>",
  '"',
  '\r\n',
  '\t',
  'é',
  '😀',
  '\x85',
  '07',
  '-0', // prettier-ignore
)
const name = fc
  .oneof(awkward, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }))
  .filter(
    (key) =>
      key !== '' && key !== 'php_class_name' && !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(key),
  )

const float = fc.double({ noNaN: true, noDefaultInfinity: true })
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, '\0', '\ufffe', '\x01\x1f', -0),
  awkward,
  fc.integer(),
  fc.maxSafeInteger(),
  float,
  float.map((value) => new PhpFloat(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 8 }),
)

const className = fc.constantFrom('A', 'App\\Cart', 'É', '_9')

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => {
  const entries = fc.array(fc.tuple(name, tie('value')), { maxLength: 5 })
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 5 }),
      entries.map(record),
      fc
        .array(
          fc.tuple(fc.oneof(name, fc.integer(), fc.bigInt({ min: 0n, max: 99n })), tie('value')),
          { maxLength: 5 },
        ) // prettier-ignore
        .map((pairs) => new Map(pairs.map(([key, value]) => [String(key), value]))),
      fc.tuple(className, entries).map(([of, properties]) => new PhpObject(of, record(properties))),
    ),
  }
})

const session = fc.array(fc.tuple(name, anyValue), { maxLength: 6 }).map(record)

describe('any value in a wddx packet', () => {
  it('is read as it was written, once it has been through PHP', () => {
    fc.assert(
      fc.property(session, (data) => {
        const bytes = encode(data)
        const read = decode(bytes)

        expect(Object.keys(read)).toEqual(Object.keys(data))
        expect(decode(encode(read))).toEqual(read)
        expect(encode(read, bytes)).toBe(bytes)
      }),
      { numRuns: 300 },
    )
  })

  it('is the same bytes again in exact mode', () => {
    fc.assert(
      fc.property(session, (data) => {
        const bytes = exact.encode(data)
        const read = exact.decode(bytes)

        expect(text(exact.encode(read))).toBe(text(bytes))
        expect(exact.encode(read, bytes)).toBe(bytes)
      }),
      { numRuns: 300 },
    )
  })

  it('is the same text, number or bytes', () => {
    fc.assert(
      fc.property(scalar, (value) => {
        const read = exact.decode(exact.encode({ v: value }))['v']
        const expected = value instanceof Uint8Array ? textOrBytes(value) : plain(value)

        expect(plain(read)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

/** A number is the same whichever type carries it. */
function plain(value: unknown): unknown {
  if (value instanceof PhpFloat) return value.value
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function textOrBytes(bytes: Uint8Array): unknown {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}

/** The same packet in other words: what XML lets a writer choose. */
function reworded(bytes: Uint8Array, choices: readonly number[]): Buffer {
  let turn = 0
  const pick = (...words: readonly string[]): string =>
    words[(choices[turn++ % choices.length] ?? 0) % words.length] as string
  const words = text(bytes)
    .replace(/<number>(-?\d+)<\/number>/g, (all, digits) =>
      pick(all, `<number>\n${digits} </number>`),
    )
    .replace(/&lt;/g, () => pick('&lt;', '&#60;', '&#x3c;', '<![CDATA[<]]>'))
    .replace(/<(null|boolean value='\w+')\/>/g, (all, tag: string) =>
      pick(all, `<${tag} />`, `<${tag}></${tag.split(' ')[0]}>`),
    )
    .replace(/(<\/(?:string|number|array|struct|binary)>)(?=<\/?(?:var|array))/g, (all) =>
      pick(all, `${all} `, `${all}<!-- ${pick('a', 'é')} -->`),
    )
  return Buffer.from(pick('', "<?xml version='1.0'?>\n") + words)
}

describe('a packet in other words', () => {
  it('keeps them where nothing changed', () => {
    fc.assert(
      fc.property(session, fc.array(fc.nat(11), { minLength: 3 }), (data, choices) => {
        // A name may not be reworded with a section of text.
        fc.pre(!Object.keys(data).some((key) => key.includes('<')))
        const previous = reworded(encode(data), choices)
        let read: SessionData
        try {
          read = decode(previous)
        } catch {
          // Names further in may have been reworded, too.
          return fc.pre(false)
        }

        expect(read).toEqual(decode(encode(data)))
        expect(encode(read, previous)).toBe(previous)

        for (const changed of Object.keys(read)) {
          const next = record(Object.entries({ ...read, [changed]: ['changed'] }))
          const after = variablesOf(encode(next, previous))
          const before = variablesOf(previous)
          before.delete(changed)
          expect(after.get(changed)).toContain('<string>changed</string>')
          for (const [key, element] of before) expect(after.get(key)).toBe(element)
        }
      }),
      { numRuns: 150 },
    )
  })
})

/** The variables of the session as they stand in a packet, found by counting tags. */
function variablesOf(payload: Uint8Array): Map<string, string> {
  const whole = text(payload).replace(/<!\[CDATA\[<\]\]>/g, '&lt;&lt;CDATA&gt;')
  const found = new Map<string, string>()
  let depth = 0
  let start = 0
  let key = ''
  for (const match of whole.matchAll(/<var name='([^']*)'>|<\/var>/g)) {
    if (match[1] === undefined) {
      depth -= 1
      if (depth === 0) found.set(key, whole.slice(start, match.index))
      continue
    }
    if (depth === 0) {
      start = match.index
      key = unescaped(match[1])
    }
    depth += 1
  }
  return found
}

function unescaped(name: string): string {
  const known: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }
  return name.replace(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, word: string) =>
    code === undefined ? (known[word] as string) : String.fromCodePoint(Number(code)),
  )
}

describe('a session written over another', () => {
  it('holds the current values', () => {
    fc.assert(
      fc.property(session, session, (before, after) => {
        const previous = encode(before)
        const data = record([...Object.entries(decode(previous)), ...Object.entries(after)])
        for (const key of Object.keys(before).slice(0, 1)) delete data[key]

        const bytes = encode(data, previous)
        const order = Object.keys(decode(bytes))

        expect([...order].sort()).toEqual(Object.keys(data).sort())
        expect(decode(bytes)).toEqual(decode(encode(data)))
      }),
      { numRuns: 150 },
    )
  })
})

/** A small generator of its own: twenty thousand runs, the same ones each time. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state
  }
}

const wrap = (variables: string): Buffer =>
  Buffer.from(
    `<wddxPacket version='1.0'><header/><data><struct>${variables}</struct></data></wddxPacket>`,
  )

const SAMPLES = [
  wrap("<var name='a'><number>1.50</number></var><var name='b'><array length='2'><null/><string>é&lt;</string></array></var>"), // prettier-ignore
  wrap("<var name='o'><struct><var name='php_class_name'><string>A</string></var><var name='p'><boolean value='true'/></var></struct></var>"), // prettier-ignore
  wrap("<var name='r'><recordset rowCount='1' fieldNames='a,b'><field name='a'><number>1</number></field></recordset></var>"), // prettier-ignore
  wrap("<var name='d'><dateTime>1998-06-12T04:32:12</dateTime></var><var name='x'><binary length='2'>//4=</binary></var>"), // prettier-ignore
  wrap("<var name='s'><struct><var name='1'><null/></var><var name='0'><struct/></var></struct></var><var name='c'><string>a<char code='0D'/>b<![CDATA[<]]></string></var>"), // prettier-ignore
  Buffer.from("<?xml version='1.0' encoding='ISO-8859-1'?><!-- c --><wddxPacket><header><comment>x</comment></header><data><struct><var name=\"a\"><string>\xe9</string></var></struct></data></wddxPacket>", 'latin1'), // prettier-ignore
]

const PIECES = ['<', '>', '/', "'", '"', '&', ';', ' ', '&lt;', '&#0;', '&#xD800;', '<!--', '-->', '<![CDATA[', ']]>', '<?a?>', '<!DOCTYPE a>', '<null/>', '<struct>', '</struct>', '<array>', '</array>', "<var name='__proto__'><array/></var>", "<var name=''>", '</var>', "<var name='php_class_name'><string>A</string></var>", "<char code='FF'/>", "<recordset fieldNames='__proto__,0'/>", '\0', '\xff', '\xc3\xa9', '9'.repeat(20), 'UTF-8', '.0', 'e9'] // prettier-ignore

function mutate(sample: Buffer, next: () => number): Buffer {
  let bytes = sample
  for (let turn = next() % 4; turn >= 0; turn -= 1) {
    const at = next() % (bytes.length + 1)
    const end = Math.min(bytes.length, at + (next() % 40))
    const piece = Buffer.from(PIECES[next() % PIECES.length] as string, 'latin1')
    const middle = [piece, Buffer.alloc(0), bytes.subarray(at, end), Buffer.of(next() & 0xff)]
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      middle[next() % middle.length] as Buffer,
      bytes.subarray(next() % 2 === 0 ? at : end),
    ])
  }
  return bytes
}

/** Mutants between two tags, which are mostly still XML. */
function transplant(sample: Buffer, next: () => number): Buffer {
  const text = sample.toString('latin1')
  const tags = [...text.matchAll(/<[^>]*>/g)]
  const from = tags[next() % tags.length] as RegExpMatchArray
  const to = (tags[next() % tags.length] as RegExpMatchArray).index ?? 0
  const piece = next() % 2 === 0 ? from[0] : (PIECES[next() % PIECES.length] as string)
  return Buffer.from(text.slice(0, to) + piece + text.slice(to), 'latin1')
}

/** Every object in a value, each once. */
function objectsIn(root: unknown): Set<object> {
  const found = new Set<object>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null || found.has(value)) continue
    found.add(value)
    if (value instanceof Map) open.push(...(value as Map<unknown, unknown>).values())
    else if (value instanceof PhpObject) open.push(...value.members.values())
    else if (!ArrayBuffer.isView(value)) open.push(...(Object.values(value) as unknown[]))
  }
  return found
}

const PROTOTYPES = new Set<unknown>([
  null,
  ...[Array, Map, Uint8Array, PhpObject, PhpFloat].map(({ prototype }) => prototype),
])

describe('twenty thousand mutants of packets', () => {
  it('are data or a DecodeError, and leave every prototype alone', () => {
    const source = numbers(2024)
    const next = (): number => source.next().value >>> 8
    const before = Object.getOwnPropertyNames(Object.prototype)
    let read = 0

    for (let run = 0; run < 20_000; run += 1) {
      const sample = SAMPLES[next() % SAMPLES.length] as Buffer
      const bytes = run % 2 === 0 ? mutate(sample, next) : transplant(sample, next)
      for (const { encode, decode } of [wddxSerializer, exact]) {
        let data: SessionData
        try {
          data = decode(bytes)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
          if (error.offset < 0 || error.offset > bytes.length) throw new Error('a wrong offset')
          continue
        }
        read += 1
        if (encode(data, bytes) !== bytes) throw new Error(`not kept: ${text(bytes)}`)
        const again = encode(decode(encode(data)))
        if (Buffer.compare(again, encode(data)) !== 0) throw new Error(`lost: ${text(bytes)}`)
        for (const object of objectsIn(data)) {
          if (PROTOTYPES.has(Object.getPrototypeOf(object))) continue
          throw new Error(`a prototype: ${text(bytes)}`)
        }
      }
    }

    expect(read).toBeGreaterThan(1000)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })
})

describe('any bytes and any value', () => {
  it('are data or a DecodeError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map((it) => Buffer.from(`<${it}`)),
        ),
        (bytes) => {
          try {
            decode(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are bytes or an EncodeError', () => {
    const odd = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: false,
      withTypedArray: true,
      withBoxedValues: true,
    })

    fc.assert(
      fc.property(odd, (value) => {
        try {
          expect(encode(decode(encode({ v: value })))).toEqual(encode({ v: value }))
        } catch (error) {
          expect(error).toBeInstanceOf(EncodeError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
