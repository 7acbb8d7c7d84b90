/** Real PHP after Node changed one variable of a session: every other one is as it was. */
import { expect, it } from 'vitest'
import { foreignFormat } from '../../src/php/foreign.js'
import { nameBytes } from '../../src/php/names.js'
import { PhpObject } from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { askPhp, differences, FORMATS, phpWrites, PRECISIONS, shown } from '../helpers/php-codec.js'
import { describeWith } from '../helpers/services.js'
import { text } from '../helpers/typed-value.js'

const COUNT = 1500
const SEED = 8_2_37

interface Change {
  readonly previous: Buffer
  readonly changed: Uint8Array
  /** Of the variable that was changed, added or removed. */
  readonly name: string
}

type Variables = readonly (readonly [name: string, value: string])[]

/** What PHP has in a session: the bytes of every value by itself. */
function variablesOf(answer: Buffer | false | undefined): Variables {
  return JSON.parse(shown(answer)) as Variables
}

const nameOf = (name: string): string | undefined => nameBytes(name)?.toString('base64')

/** Changes, adds or removes one variable, in turns. */
function edit(data: SessionData, turn: number): string {
  const names = Object.keys(data)
  const name = turn % 3 === 0 ? 'added by node' : (names[turn % names.length] as string)
  if (turn % 3 === 1) delete data[name]
  else data[name] = ['changed', turn, { deep: [turn / 7] }]
  return name
}

describeWith('php', `one changed variable (seed ${SEED})`, () => {
  const cases = FORMATS.flatMap((format) => PRECISIONS.map((precision) => ({ format, precision })))

  it.each(cases)(
    `leaves the others as they are in ${COUNT} sessions, in $format at precision $precision`,
    { timeout: 90_000 },
    ({ format, precision }) => {
      const written = phpWrites({ kind: 'session', count: COUNT, seed: SEED, precision, format })
      const { encode, decode } = serializerFor(format, { precision })
      const changes = written
        .filter((bytes) => isEditable(bytes))
        .flatMap((previous, turn): Change[] => {
          const data = decode(previous)
          if (containsItself(data)) return []
          const name = edit(data, turn)
          const changed = encode(data, previous)
          // No bytes are an empty session; PHP has nothing to read then.
          return changed.length === 0 ? [] : [{ previous, changed, name }]
        })

      const ask = (bytes: Uint8Array) =>
        ({ operation: 'variables', argument: format, bytes }) as const
      const answers = askPhp(
        changes.flatMap(({ previous, changed }) => [ask(previous), ask(changed)]),
        precision,
      )
      const others = changes.map(({ name }, index) => {
        const of = (answer: Buffer | false | undefined): Variables =>
          variablesOf(answer).filter(([other]) => other !== nameOf(name))
        return { before: of(answers[index * 2]), after: of(answers[index * 2 + 1]) }
      })
      expect(changes.length).toBeGreaterThan(COUNT * 0.8)
      const [before, after] = [others.map((all) => JSON.stringify(all.before)), others.map((all) => JSON.stringify(all.after))] // prettier-ignore
      expect(differences(after, before)).toEqual([])
      const moved = changes.flatMap(
        ({ changed }, index) =>
        hasReferences(changed) ? [] : (others[index]?.before ?? []).filter((one) => !holds(changed, one)), // prettier-ignore
      )
      expect(moved).toEqual([])
    },
  )
})

/** Slots of references are other ones behind a variable that came or went. */
const hasReferences = (bytes: Uint8Array): boolean => /[rR]:\d+;/.test(text(bytes))

/** Whether the bytes of a value are there as PHP has them. */
function holds(session: Uint8Array, [, value]: Variables[number]): boolean {
  return Buffer.from(session).includes(Buffer.from(value, 'base64'))
}

/**
 * Neither refused, nor with references in the data of an old Serializable: where they lead to the
 * variable that goes away, the session cannot be written.
 */
function isEditable(bytes: Buffer): boolean {
  return foreignFormat(bytes) === undefined && !/C:6:"Nested".*[rR]:\d/s.test(text(bytes))
}

/** Whether an array is within itself: PHP ends that with `N;`, by the number of its references. */
function containsItself(value: unknown, around: readonly unknown[] = []): boolean {
  if (around.includes(value)) return true
  if (typeof value !== 'object' || value === null || value instanceof PhpObject) return false
  const parts = value instanceof Map ? [...(value as Map<unknown, unknown>).values()] : Object.values(value) // prettier-ignore
  return parts.some((part) => containsItself(part, [...around, value]))
}
