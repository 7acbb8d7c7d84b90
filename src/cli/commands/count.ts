/** `sessionz count` */
import { command } from '../command.js'
import { isGiven, JSON_FLAG, PLACE_FLAGS } from '../flags.js'
import { EXIT } from '../problems.js'
import { countOf } from '../sessions.js'

export const count = command({
  name: 'count',
  summary: 'Counts the live sessions',
  words: '',
  counts: [0, 0],
  flags: {
    expired: { text: 'count those that are over and not collected yet' },
    ...JSON_FLAG,
    ...PLACE_FLAGS,
  },
  async run({ given, out, place, progress }) {
    const where = await place()
    const bar = await progress('count')
    const live = await countOf(where, false)
    const expired = isGiven(given, 'expired') ? (await countOf(where, true)) - live : undefined
    bar.end()
    const counted = expired === undefined ? { count: live } : { expired }
    await out.line(isGiven(given, 'json') ? JSON.stringify(counted) : `${expired ?? live}`)
    return EXIT.ok
  },
})
