/** `sessionz ini` */
import { command } from '../command.js'
import { readInput } from '../files.js'
import { isGiven, JSON_FLAG } from '../flags.js'
import { parsePhpIni } from '../../lib/php-ini.js'
import { readSessionSettings, type IniReading } from '../../options/php-ini.js'
import { EXIT, Problem } from '../problems.js'
import { reasonOf } from '../problems.js'
import { stringify } from '../source-text.js'

export const ini = command({
  name: 'ini',
  summary: 'Tells which options a php.ini means',
  words: '<php.ini|->',
  counts: [1, 1],
  details: ['What is printed is a module that --config takes. With --json, the options alone.'],
  flags: { ...JSON_FLAG },
  async run({ given, words, io, out, note }) {
    const text = Buffer.from(await readInput(words[0] as string, io)).toString('utf8')
    const reading = readSessionSettings(settingsOf(text, io.env))
    for (const name of reading.ignored) note(`warning: ${name} has no effect here`)
    for (const name of reading.refused) note(`warning: ${name} has a value that PHP refuses`)
    for (const name of reading.unknown) note(`warning: ${name} is no setting of PHP`)
    await out.line(isGiven(given, 'json') ? JSON.stringify(reading.options) : moduleOf(reading))
    return EXIT.ok
  },
})

function settingsOf(text: string, env: Readonly<Record<string, string | undefined>>) {
  try {
    return parsePhpIni(text, env)
  } catch (error) {
    throw new Problem(reasonOf(error))
  }
}

/** The options as a module; handlers other than files are the reader's to fill in. */
function moduleOf({ options, saveHandler = 'files' }: IniReading): string {
  const { savePath = '', ...rest } = options
  const isFiles = saveHandler === 'files'
  const handlers = isFiles ? `[filesHandler({ savePath: ${stringify(savePath)} })]` : '[]'
  const hint = isFiles ? '' : ` // session.save_handler is ${stringify(saveHandler)}`
  const lines = Object.entries(rest).map(([name, value]) => `  ${name}: ${stringify(value)},`)
  return [
    ...(isFiles ? ["import { filesHandler } from 'sessionz'", ''] : []),
    'export default {',
    `  handlers: ${handlers},${hint}`,
    ...lines,
    '}',
  ].join('\n')
}
