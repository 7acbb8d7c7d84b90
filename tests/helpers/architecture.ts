/** The rules of `src`, as functions from sources to sentences about what breaks them. */
import ts from 'typescript'

/** Path below `src/` (`handlers/files.ts`) to its text. */
export type Sources = ReadonlyMap<string, string>

/** Rooms and single files, top to bottom. An import goes down, or sideways to another room. */
const FLOORS = [
  ['cli', 'index'],
  ['adapters', 'test-kit'],
  ['manager', 'garbage', 'administration', 'health', 'php-ini', 'ambient'],
  [
    'session',
    'csrf',
    'begin',
    'load',
    'starting',
    'commit',
    'records',
    'merge',
    'schema',
    'metadata',
    'new-id',
  ],
  ['handlers', 'serializers', 'http', 'testing'],
  ['stores', 'php', 'wddx'],
  ['locks', 'crypto', 'id', 'chain', 'link', 'context', 'options'],
  ['handler', 'serializer', 'events', 'errors', 'lib'],
]

/** Rooms whose files are alternatives to each other, so none needs another. */
const SIBLINGS = new Set(['handlers', 'serializers', 'stores', 'locks'])

/** What breaks the direction of imports. */
export function importFaults(sources: Sources): string[] {
  const faults: string[] = []
  const graph = new Map<string, string[]>()
  for (const [path, text] of sources) {
    if (floorOf(path) < 0) faults.push(`${path} stands on no floor`)
    const targets: string[] = []
    for (const specifier of importsOf(text)) {
      const target = resolve(path, specifier)
      if (target === undefined) {
        if (!specifier.startsWith('node:')) faults.push(`${path} imports the package ${specifier}`)
        continue
      }
      targets.push(target)
      const fault = importFault(path, target, sources)
      if (fault !== undefined) faults.push(`${path} imports ${target}: ${fault}`)
    }
    graph.set(path, targets)
  }
  return [...faults, ...cycleFaults(graph, 'files'), ...cycleFaults(roomsOf(graph), 'rooms')]
}

function importFault(from: string, to: string, sources: Sources): string | undefined {
  if (!sources.has(to)) return 'there is no such file'
  if (isEntry(to)) return 'nothing imports an entry'
  if (floorOf(to) < floorOf(from)) return 'that is upward'
  if (isSibling(from, to)) return 'siblings do not know each other'
  return undefined
}

function isSibling(from: string, to: string): boolean {
  const room = roomOf(from)
  if (!SIBLINGS.has(room) || roomOf(to) !== room || stemOf(from) === 'registry') return false
  // Several files may make one mechanism: flock.ts, flock-perl.ts.
  return mechanismOf(from) !== mechanismOf(to)
}

function mechanismOf(path: string): string {
  return stemOf(path).split('-')[0] as string
}

function floorOf(path: string): number {
  const room = roomOf(path)
  return FLOORS.findIndex((rooms) =>
    rooms.some((name) => room === name || (!path.includes('/') && room.startsWith(`${name}-`))),
  )
}

/** The folder, or the bare name of a file that lies in none; an entry belongs to the top. */
function roomOf(path: string): string {
  return isEntry(path) ? 'index' : (path.split('/')[0] as string).replace(/\.ts$/, '')
}

function stemOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/\.ts$/, '')
}

function isEntry(path: string): boolean {
  return stemOf(path) === 'index'
}

/** What a file imports, re-exports, loads later or names in a type; augmentations are none of these. */
function importsOf(text: string): string[] {
  const found: string[] = []
  walk(parse('file.ts', text), (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    else if (ts.isImportTypeNode(node)) add(literalOf(node.argument))
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0])
    }
  })
  return found

  function add(specifier: ts.Node | undefined): void {
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push(specifier.text)
  }
}

function literalOf(type: ts.TypeNode): ts.Node | undefined {
  return ts.isLiteralTypeNode(type) ? type.literal : undefined
}

/** Path below `src/` of a relative specifier; `undefined` for a package. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const url = new URL(specifier, `file:///src/${from}`)
  return url.pathname.replace('/src/', '').replace(/\.js$/, '.ts')
}

function roomsOf(graph: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const rooms = new Map<string, string[]>()
  for (const [from, targets] of graph) {
    const others = targets.map(roomOf).filter((room) => room !== roomOf(from))
    rooms.set(roomOf(from), [...(rooms.get(roomOf(from)) ?? []), ...others])
  }
  return rooms
}

function cycleFaults(graph: ReadonlyMap<string, readonly string[]>, kind: string): string[] {
  const done = new Set<string>()
  const faults: string[] = []
  const visit = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node)
    if (start >= 0) faults.push(`cycle of ${kind}: ${[...trail.slice(start), node].join(' → ')}`)
    if (start >= 0 || done.has(node)) return
    for (const target of graph.get(node) ?? []) visit(target, [...trail, node])
    done.add(node)
  }
  for (const node of graph.keys()) visit(node, [])
  return faults
}

/** One function of the source: where it is, its lines that hold code, its parameters. */
export interface Measured {
  readonly where: string
  readonly lines: number
  readonly parameters: number
}

/** Every function with a body. Nested ones are measured on their own and in the one around them. */
export function functionsOf(path: string, text: string): Measured[] {
  const file = parse(path, text)
  const code = linesOfCode(file)
  const found: Measured[] = []
  walk(file, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
    const body = node.body as ts.Node
    const block = ts.isBlock(body)
    const first = lineOf(file, body.getStart(file)) + (block ? 1 : 0)
    const last = lineOf(file, body.end) - (block ? 1 : 0)
    let lines = 0
    for (let line = first; line <= last; line += 1) lines += code.has(line) ? 1 : 0
    const where = `${path}:${lineOf(file, node.getStart(file)) + 1}`
    found.push({ where, lines: Math.max(1, lines), parameters: node.parameters.length })
  })
  return found
}

/** What the house does not allow in a source file, whatever it is for. */
export function styleFaults(path: string, text: string): string[] {
  const file = parse(path, text)
  const faults: string[] = []
  const say = (node: ts.Node, what: string) =>
    faults.push(`${path}:${lineOf(file, node.getStart(file)) + 1} ${what}`)
  walk(file, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) say(node, 'any')
    if (ts.isExportAssignment(node)) say(node, 'default export')
    if (ts.isPropertyAccessExpression(node)) {
      const words = node.getText(file)
      if (words === 'Math.random' || words.startsWith('console.')) say(node, words)
    }
    if (ts.isCallExpression(node) && node.expression.getText(file) === 'Date.now') {
      say(node, 'Date.now(): the clock is injected')
    }
  })
  if (/@ts-(ignore|expect-error|nocheck)/.test(text)) faults.push(`${path} silences the compiler`)
  return faults
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false)
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line
}

/** Lines that hold at least one token, so neither blank nor comment only. */
function linesOfCode(file: ts.SourceFile): Set<number> {
  const lines = new Set<number>()
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(file).filter((child) => !ts.isJSDoc(child))
    for (const child of children) visit(child)
    if (children.length > 0 || node.kind === ts.SyntaxKind.EndOfFileToken) return
    const last = lineOf(file, node.end)
    if (node.end > node.pos) {
      for (let line = lineOf(file, node.getStart(file)); line <= last; line += 1) lines.add(line)
    }
  }
  visit(file)
  return lines
}
