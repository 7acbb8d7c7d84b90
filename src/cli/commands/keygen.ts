/** `sessionz keygen` */
import { command } from '../command.js'
import { generateKey } from '../../crypto/key-ring.js'
import { EXIT } from '../problems.js'

export const keygen = command({
  name: 'keygen',
  summary: 'Prints a new key for the encryption of sessions',
  words: '',
  counts: [0, 0],
  details: ['Keep it where you keep other secrets.'],
  flags: {},
  async run({ out }) {
    await out.line(generateKey())
    return EXIT.ok
  },
})
