/** Who writes and reads the same values: JSON, the engine's own format, and PHP's format by several. */
import * as v8 from 'node:v8'
import { peer } from '../helpers/peer.js'

/** This package's codec, from wherever it was bundled to. */
export interface Codec {
  serialize(value: unknown, options?: object): Uint8Array
  unserialize(bytes: Uint8Array, options?: object): unknown
}

export interface Contender {
  readonly name: string
  /** Whether its format is PHP's, so that it can be right or wrong. */
  readonly php: boolean
  /** Absent where it only reads. */
  readonly write?: (value: unknown) => Uint8Array | string
  /** What reads one value; `bytes` are PHP's. What is made ready here is not timed. */
  readonly reader: (value: unknown, bytes: Uint8Array) => () => unknown
}

/** JSON comes first: the others are compared with it. Peers that are not installed are left out. */
export async function contenders(codec: Codec): Promise<Contender[]> {
  const exact = takesExact(codec) ? [sessionz('sessionz, exact', codec, { exact: true })] : []
  const found = await Promise.all([phpSerialize(), locutus(), phpUnserialize()].map(orNothing))
  return [JSON_ITSELF, V8, sessionz('sessionz', codec), ...exact, ...found.flat()]
}

const JSON_ITSELF: Contender = {
  name: 'JSON',
  php: false,
  write: (value) => JSON.stringify(value),
  reader(value) {
    const text = JSON.stringify(value)
    return () => JSON.parse(text) as unknown
  },
}

const V8: Contender = {
  name: 'v8',
  php: false,
  write: (value) => v8.serialize(value),
  reader(value) {
    const bytes = v8.serialize(value)
    return () => v8.deserialize(bytes) as unknown
  },
}

function sessionz(name: string, codec: Codec, options?: object): Contender {
  return {
    name,
    php: true,
    write: (value) => codec.serialize(value, options),
    reader: (_, bytes) => () => codec.unserialize(bytes, options),
  }
}

function takesExact({ serialize }: Codec): boolean {
  try {
    return serialize(null, { exact: true }).length > 0
  } catch (error) {
    // Options that are not known are refused.
    if (error instanceof TypeError) return false
    throw error
  }
}

type Write = (value: unknown) => string
type Read = (text: string) => unknown

/** The peers take text, which is made ready for them. */
function fromText(read: Read): Contender['reader'] {
  return (_, bytes) => {
    const text = Buffer.from(bytes).toString('utf8')
    return () => read(text)
  }
}

async function phpSerialize(): Promise<Contender> {
  const name = 'php-serialize'
  const { serialize, unserialize } = await peer<{ serialize: Write; unserialize: Read }>(name)
  return { name, php: true, write: serialize, reader: fromText(unserialize) }
}

async function locutus(): Promise<Contender> {
  const name = 'locutus'
  const module = await peer<{ php: { var: { serialize: Write; unserialize: Read } } }>(name)
  const { serialize, unserialize } = module.php.var
  return { name, php: true, write: serialize, reader: fromText(unserialize) }
}

async function phpUnserialize(): Promise<Contender> {
  const name = 'phpunserialize'
  const { default: unserialize } = await peer<{ default: Read }>(name)
  return { name, php: true, reader: fromText(unserialize) }
}

async function orNothing(loading: Promise<Contender>): Promise<Contender[]> {
  return await loading.then(
    (contender) => [contender],
    () => [],
  )
}
