/** `sessionz encode` */
import { command } from '../command.js'
import { readInput } from '../files.js'
import { wordOf } from '../flags.js'
import { exactly, FORMATS } from '../formats.js'
import { EXIT, Problem } from '../problems.js'
import type { SessionData } from '../../serializer.js'
import { fromJson } from '../value-json.js'

export const encode = command({
  name: 'encode',
  summary: 'Makes the bytes of a session from JSON, as decode --json prints it',
  words: '[file|-]',
  counts: [0, 1],
  flags: { format: { value: 'name', text: `${FORMATS.join(', ')} (default: php)` } },
  async run({ given, words, io, out }) {
    const format = wordOf(given, 'format', FORMATS) ?? 'php'
    const input = await readInput(words[0] ?? '-', io)
    await out.bytes(exactly(format).encode(variables(input)))
    return EXIT.ok
  },
})

function variables(input: Uint8Array): SessionData {
  const data = fromJson(parsed(input))
  const isRecord = typeof data === 'object' && data !== null && Object.getPrototypeOf(data) === null
  if (isRecord) return data as SessionData
  throw new Problem('the JSON must be an object: the variables by their names')
}

function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(input).toString('utf8'))
  } catch {
    throw new Problem('the input is not JSON')
  }
}
