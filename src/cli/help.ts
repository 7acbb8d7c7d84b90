/**
 * The help of the program and of each command, made of what the commands say of themselves.
 *
 * @module
 */
import type { Command, Flag } from './command.js'

const EXITS =
  'Exit codes: 0 done, 1 a problem was found or met, 2 wrong command line, 130/143 interrupted.'

/** All commands, a line each. */
export function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    'sessionz <command> [options]',
    '',
    ...lines,
    '',
    'sessionz <command> --help tells the options of a command.',
    EXITS,
  ].join('\n')
}

/** One command with all its options. */
export function commandHelp({ name, words, summary, details = [], flags }: Command): string {
  const rows = Object.entries(flags).map(([flag, about]) => [heading(flag, about), about.text])
  const width = Math.max(0, ...rows.map(([left = '']) => left.length))
  const lines = rows.map(([left = '', text]) => `  ${left.padEnd(width)}  ${text}`)
  return [
    `sessionz ${name} ${words}`.trimEnd(),
    '',
    `${summary}.`,
    ...details,
    '',
    ...lines,
    '',
    EXITS,
  ].join('\n')
}

function heading(name: string, { value, short }: Flag): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`
  return short === undefined ? long : `-${short}, ${long}`
}
