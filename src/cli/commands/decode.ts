/** `sessionz decode` */
import { command } from '../command.js'
import { readInput } from '../files.js'
import { isGiven, JSON_FLAG, wordOf } from '../flags.js'
import { exactly, FORMATS, readAsAny } from '../formats.js'
import { EXIT } from '../problems.js'
import { toJson } from '../value-json.js'
import { variablesText } from '../value-text.js'

export const decode = command({
  name: 'decode',
  summary: 'Shows what is in a file of a session, or in the standard input (-)',
  words: '<file|->',
  counts: [1, 1],
  flags: {
    format: { value: 'name', text: `${FORMATS.join(', ')} (default: guessed)` },
    ...JSON_FLAG,
  },
  async run({ given, words, io, out }) {
    const format = wordOf(given, 'format', FORMATS)
    const input = await readInput(words[0] as string, io)
    const data = format === undefined ? readAsAny(input).data : exactly(format).decode(input)
    await out.line(isGiven(given, 'json') ? JSON.stringify(toJson(data)) : variablesText(data))
    return EXIT.ok
  },
})
