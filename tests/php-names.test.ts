/** The pages on PHP's functions and settings: whole, without an empty cell, and true. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as entry from '../src/index.js'
import * as phpIni from '../src/php-ini.js'
import { GC_TABLE, OVERRIDE_TABLE, TABLE } from '../src/options/option-table.js'
import { describeWith } from './helpers/services.js'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

const FUNCTIONS = read('docs/reference/php-session-functions.md')
const SETTINGS = read('docs/reference/php-session-settings.md')

/** The cells of all rows, without those of the heads. */
function rowsOf(page: string): string[][] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** The names that cells of a column hold as code. */
const namesOf = (page: string, column: number) =>
  rowsOf(page).flatMap((cells) =>
    [...(cells[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string),
  )

/** The fields of options that are checked in files of their own. */
const fieldsOf = (path: string) =>
  [...read(path).matchAll(/^ {2}(?:readonly )?(\w+)\?:/gm)].map(([, name]) => name as string)

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  gc: Object.keys(GC_TABLE),
  cookie: fieldsOf('src/options/cookie-options.ts'),
  id: fieldsOf('src/id/rules.ts'),
}

const HANDLER = fieldsOrMethods('src/handler.ts', 'export interface SessionHandler {')

function fieldsOrMethods(path: string, head: string): string[] {
  const [, body = ''] = read(path).split(head)
  const own = body.slice(0, body.indexOf('\n}'))
  return [...own.matchAll(/^ {2}(?:readonly )?(\w+)\??[(:]/gm)].map(([, name]) => name as string)
}

/** Whether there is what a cell claims. */
function exists(claim: string): boolean {
  const [owner = '', member] = claim.replace(/\(.*\)$/, '').split('.')
  if (member === undefined) {
    return (
      owner in (claim.endsWith(')') ? { ...entry, ...phpIni } : { ...TABLE, ...OVERRIDE_TABLE })
    )
  }
  if (owner === 'session') return member in entry.Session.prototype
  if (owner === 'manager') return member in entry.createSessionManager()
  if (owner === 'handler') return HANDLER.includes(member)
  return GROUPS[owner]?.includes(member) === true
}

describe.each([
  ['php-session-functions.md', FUNCTIONS],
  ['php-session-settings.md', SETTINGS],
])('%s', (_, page) => {
  it('has four cells in each row, and none is empty', () => {
    const rows = rowsOf(page)

    expect(rows.length).toBeGreaterThan(40)
    expect(rows.filter((cells) => cells.length !== 4 || cells.includes(''))).toEqual([])
  })

  it('names only what there is', () => {
    expect(namesOf(page, 1).filter((claim) => !exists(claim))).toEqual([])
    expect(rowsOf(page).filter(([, here = '']) => !/`/.test(here))).toEqual([])
  })

  it('gives each row one of the statuses that it explains', () => {
    const statuses = new Set(rowsOf(page).map(([, , status]) => status))

    for (const status of statuses) expect(page).toContain(`**${status}**`)
  })

  it('has each of PHP’s names once', () => {
    const names = namesOf(page, 0)

    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})

it('a claim that is not true is found', () => {
  const claims = ['session.explode()', 'manager.explode()', 'gc.explode', 'explode', 'explode()']

  expect(claims.filter(exists)).toEqual([])
})

describe('PHP’s names', () => {
  it('of settings that fromPhpIni() knows all have a row', () => {
    const table = read('src/options/php-ini.ts')
    const known = [...table.matchAll(/^ {2}(?:(\w+): (?:\(|\/)|'([\w.]+)': \/)/gm)]
      .map(([, plain, quoted]) => `session.${plain ?? quoted ?? ''}`)
      .filter((name) => /_|\.name$|\.upload/.test(name))

    expect(known.length).toBeGreaterThan(25)
    expect(known.filter((name) => !namesOf(SETTINGS, 0).includes(name))).toEqual([])
  })

  describeWith('php', 'in the PHP that is here', () => {
    const said = (code: string) =>
      JSON.parse(
        spawnSync('php', ['-n', '-r', `echo json_encode(${code});`], { encoding: 'utf8' }).stdout,
      ) as string[]

    it('of functions all have a row', () => {
      const rows = new Set(namesOf(FUNCTIONS, 0).map((name) => name.replace(/\(.*/, '')))
      const functions = said("get_extension_funcs('session')")

      expect(functions.length).toBeGreaterThan(20)
      expect(functions.filter((name) => !rows.has(name))).toEqual([])
    })

    it('of settings all have a row', () => {
      const settings = said("array_keys(ini_get_all('session'))")

      expect(settings.length).toBeGreaterThan(25)
      expect(settings.filter((name) => !namesOf(SETTINGS, 0).includes(name))).toEqual([])
    })

    it('of classes and their methods all have a row', () => {
      const code =
        'array_merge(...array_map(fn ($c) => [$c, ...array_map(fn ($m) => "$c::$m->name", (new ReflectionClass($c))->isInterface() ? (new ReflectionClass($c))->getMethods() : [])], array_keys((new ReflectionExtension(\'session\'))->getClasses())))'

      expect(said(code).filter((name) => !namesOf(FUNCTIONS, 0).includes(name))).toEqual([])
    })

    it('of constants all have a row', () => {
      const constants = said("array_keys(get_defined_constants(true)['session'])")

      expect(constants.filter((name) => !namesOf(FUNCTIONS, 0).includes(name))).toEqual([])
    })
  })
})
