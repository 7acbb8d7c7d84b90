/**
 * Writes variables and their values, without recursion.
 *
 * @see ext/wddx/wddx.c, `php_wddx_serialize_var`
 * @module
 */
import { types } from 'node:util'
import { SessionError } from '../errors.js'
import { CLASS_NAME } from './packet.js'
import { beginValue, isReference } from './write-container.js'
import { escapedName } from './write-scalar.js'
import { refuse, type WriteLevel, type Writer } from './writer.js'

/**
 * The element of a variable of the session.
 *
 * @throws {EncodeError} With the path of what cannot be written.
 */
export function variableElement(writer: Writer, name: string, value: unknown): string {
  writer.variable = name
  writer.level = undefined
  writer.out = ''
  try {
    let level = beginVariable(writer, name, value)
    while (level !== undefined) {
      writer.level = level
      level = step(writer, level)
    }
  } catch (error) {
    if (error instanceof SessionError) throw error
    refuse(writer, 'a value that could not be read', error)
  }
  return `${writer.out}</var>`
}

function beginVariable(writer: Writer, name: string, value: unknown): WriteLevel | undefined {
  if (name === CLASS_NAME && namesClass(value)) {
    refuse(writer, `text named ${CLASS_NAME}, of which PHP would make an object`)
  }
  writer.out += `<var name='${escapedName(writer, name)}'>`
  return beginValue(writer, value)
}

function namesClass(value: unknown): boolean {
  const held = isReference(value) ? value.value : value
  return typeof held === 'string' ? held !== '' : types.isUint8Array(held) && held.length > 0
}

/** Writes entries until the container ends or another one begins. @returns Where to go on. */
function step(writer: Writer, level: WriteLevel): WriteLevel | undefined {
  const { values, names } = level
  while (level.index < values.length) {
    const { index } = level
    level.index += 1
    const name = names?.[index]
    const child =
      name === undefined
        ? beginValue(writer, values[index])
        : beginVariable(writer, name, values[index])
    if (child !== undefined) return child
    if (name !== undefined) writer.out += '</var>'
  }
  return end(writer, level)
}

function end(writer: Writer, { source, names, parent }: WriteLevel): WriteLevel | undefined {
  writer.out += names === undefined ? '</array>' : '</struct>'
  if (parent?.names !== undefined) writer.out += '</var>'
  writer.open.delete(source)
  return parent
}
