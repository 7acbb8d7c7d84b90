/**
 * All commands, in the order of the help.
 *
 * @module
 */
import type { Command } from './command.js'
import { check } from './commands/check.js'
import { count } from './commands/count.js'
import { decode } from './commands/decode.js'
import { destroy } from './commands/destroy.js'
import { encode } from './commands/encode.js'
import { gc } from './commands/gc.js'
import { generate } from './commands/generate.js'
import { ini } from './commands/ini.js'
import { keygen } from './commands/keygen.js'
import { list } from './commands/list.js'
import { migrate } from './commands/migrate.js'
import { rotateKeys } from './commands/rotate-keys.js'
import { set } from './commands/set.js'
import { show } from './commands/show.js'
import { stats } from './commands/stats.js'

export const COMMANDS: readonly Command[] = [
  count,
  list,
  stats,
  show,
  decode,
  encode,
  set,
  destroy,
  gc,
  check,
  migrate,
  rotateKeys,
  keygen,
  generate,
  ini,
]
