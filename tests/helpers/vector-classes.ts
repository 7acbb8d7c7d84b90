/** Codecs that decide as PHP does for the classes that the vectors were made with. */
import type { AnyClassCodec, PhpClassValue } from '../../src/php/class-codec.js'
import { PhpEnum, PhpObject, PhpSerializable } from '../../src/php/values.js'

/** What stands for an object of such a class. */
export class Instance {
  readonly value: PhpClassValue

  constructor(value: PhpClassValue) {
    this.value = value
  }
}

type Check = (value: PhpClassValue) => void

/** A codec that keeps what was read, once it was checked. */
export function codecOf(check: Check = () => {}): AnyClassCodec {
  return {
    is: (value) => value instanceof Instance,
    read: (value) => {
      check(value)
      return new Instance(value)
    },
    write: (value) => (value as Instance).value,
  }
}

function refuse(reason: string): never {
  throw new TypeError(reason)
}

const refusing = codecOf(() => refuse('this class has no instances'))

const enumOf = (...cases: readonly string[]): AnyClassCodec =>
  codecOf((value) => {
    if (!(value instanceof PhpEnum)) refuse('an enum has no instances but its cases')
    if (!cases.includes(value.caseName)) refuse('no case of this enum')
  })

/** A class with a property of one type, or without it. */
const typed = (name: string, isValid: (value: unknown) => boolean): AnyClassCodec =>
  codecOf((value) => {
    const isObject = value instanceof PhpObject
    if (!isObject || (value.has(name) && !isValid(value.get(name)))) refuse('another type')
  })

const plain = codecOf((value) => {
  if (!(value instanceof PhpObject)) refuse('no object with properties')
})

/** As PHP: a name that begins with NUL has a class and another NUL. */
const named = codecOf((value) => {
  const names = value instanceof PhpObject ? [...value.members.keys()] : []
  if (names.some((name) => /^\0(?!.+\0)/s.test(String(name)))) refuse('no name of a property')
})

/** A class that only serializes itself: nothing else makes an instance of it. */
const serializable: AnyClassCodec = {
  ...codecOf((value) => {
    if (!(value instanceof PhpSerializable)) refuse('not written by the class')
  }),
  create: () => refuse('not written by the class'),
}

/** By name, as `classes` takes them. */
export const VECTOR_CLASSES: Readonly<Record<string, AnyClassCodec>> = {
  stdClass: plain,
  Vis: named,
  Typed: typed('i', Number.isSafeInteger),
  TypedRef: typed('n', (value) => value === null || value instanceof Instance),
  AbstractC: refusing,
  Iface: refusing,
  Tr: refusing,
  WakeThrow: refusing,
  UnserThrow: refusing,
  OldSer: serializable,
  Suit: enumOf('Hearts', 'Spades'),
  Status: enumOf('On', 'Off'),
}

/** Who decides, and how far a codec gets with PHP's verdict: with its offset, or without. */
export interface ClassVerdict {
  readonly reason: string
  readonly codec: 'same' | 'other offset' | 'none' | 'not needed'
}

const same = (reason: string): ClassVerdict => ({ reason, codec: 'same' })

/** A class of PHP itself, which is known. */
const builtIn = (reason: string): ClassVerdict => ({ reason, codec: 'not needed' })

/** Rows of unserialize-bad.jsonl that PHP refuses only because of what the class is. */
export const DECIDED_BY_CLASS: Readonly<Record<string, ClassVerdict>> = {
  'bad-0344': same('a property of TypedRef that may not be an int'),
  'bad-0385': { reason: 'a class with properties, and a name that is none', codec: 'other offset' },
  'bad-0398': same('a property of Typed that has to be an int'),
  'bad-0403': same('an abstract class'),
  'bad-0404': same('an interface'),
  'bad-0405': same('a trait'),
  'bad-0406': same('an enum, written as an object'),
  'bad-0407': builtIn('Closure'),
  'bad-0408': builtIn('Generator'),
  'bad-0448': same('a class whose __wakeup throws'),
  'bad-0449': same('a class whose __unserialize throws'),
  'bad-0457': same('a class that serializes itself, written as an object'),
  'bad-0459': builtIn('DateTime without a date'),
  'bad-0460': builtIn('DateTime with something else for a date'),
  'bad-0462': builtIn('ArrayObject without its parts'),
  'bad-0463': builtIn('ArrayObject of an int'),
  'bad-0492': same('an enum, written as an object that serialized itself'),
  'bad-0500': same('a case that the enum does not have'),
  'bad-0506': { reason: 'an enum that does not exist', codec: 'none' },
  'bad-0507': builtIn('a class that is no enum'),
  'bad-0509': same('a case in other letters'),
  'bad-0890': { reason: 'an enum that does not exist; refused further on', codec: 'other offset' },
}
