import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../../src/cli/commands.js'
import { PLACE_FLAGS } from '../../../src/cli/flags.js'

const page = readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8')

/** The text below a heading, up to the next one of its kind. */
function section(title: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? ''
}

const rowsOf = (text: string) => [...text.matchAll(/^\| `--([\w-]+)` /gm)].map(([, name]) => name)

describe('the reference of the program', () => {
  it('has the options of places', () => {
    expect(rowsOf(section('Where the sessions are')).sort()).toEqual(
      Object.keys(PLACE_FLAGS).sort(),
    )
  })

  it.each(COMMANDS)(
    'has real output and all options of $name, and no others',
    ({ name, flags }) => {
      const isElsewhere = (flag: string) => name !== 'migrate' && flag in PLACE_FLAGS
      const own = Object.keys(flags).filter((flag) => !isElsewhere(flag))

      expect(rowsOf(section(name)).sort()).toEqual(own.sort())
      expect(section(name)).toContain('sessionz ' + name)
    },
  )
})
