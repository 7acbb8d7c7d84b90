/** Compiles modules against the source of the library, as a user's strict project would. */
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What each published entry is made of, below the repository's top. */
export const ENTRIES = {
  sessionz: 'src/index.ts',
  'sessionz/handlers/memory': 'src/handlers/memory.ts',
  'sessionz/handlers/files': 'src/handlers/files.ts',
  'sessionz/node': 'src/adapters/node.ts',
  'sessionz/php': 'src/php/index.ts',
  'sessionz/handlers/hashed-id': 'src/handlers/hashed-id.ts',
  'sessionz/handlers/encryption': 'src/handlers/encryption.ts',
  'sessionz/handlers/express-store': 'src/handlers/express-store.ts',
  'sessionz/testing': 'src/testing/index.ts',
  'sessionz/handlers/redis': 'src/handlers/redis.ts',
  'sessionz/handlers/memcached': 'src/handlers/memcached.ts',
  'sessionz/handlers/cache': 'src/handlers/cache.ts',
  'sessionz/handlers/database': 'src/handlers/database.ts',
  'sessionz/handlers/options-table': 'src/handlers/options-table.ts',
  'sessionz/handlers/migrating': 'src/handlers/migrating.ts',
  'sessionz/express': 'src/adapters/express.ts',
  'sessionz/web': 'src/adapters/web.ts',
  'sessionz/php-ini': 'src/php-ini.ts',
  'sessionz/url-rewriter': 'src/http/url-rewriter-streams.ts',
} as const

/** The user's side: stricter than most, so what compiles here compiles there. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  noEmit: true,
}

/**
 * Compiles all modules in one program.
 *
 * @param modules Path below the repository's top to text; the file need not exist.
 * @param entries Where each entry of the library lies; the source unless told otherwise.
 * @returns One line for each error: path, line, message.
 */
export function compileErrors(
  modules: ReadonlyMap<string, string>,
  entries: Readonly<Record<string, string>> = ENTRIES,
): string[] {
  const texts = new Map([...modules].map(([path, text]) => [ROOT + path, text]))
  const paths = Object.fromEntries(
    Object.entries(entries).map(([name, path]) => [name, [ROOT + path]]),
  )
  return errorsOf(texts, { ...OPTIONS, paths }, ROOT)
}

/**
 * Compiles files of a project that has the package installed, as its own compiler would.
 *
 * @param folder The project's top, with a slash at the end.
 * @param modules Path below it to text; `.mts` imports ES modules, `.cts` CommonJS.
 * @returns One line for each error: path, line, message.
 */
export function projectErrors(folder: string, modules: ReadonlyMap<string, string>): string[] {
  const texts = new Map([...modules].map(([path, text]) => [folder + path, text]))
  return errorsOf(texts, { ...OPTIONS, typeRoots: [`${ROOT}node_modules/@types`] }, folder)
}

function errorsOf(
  texts: ReadonlyMap<string, string>,
  options: ts.CompilerOptions,
  root: string,
): string[] {
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  host.getCurrentDirectory = () => root
  const program = ts.createProgram([...texts.keys()], options, host)
  return [...texts.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)
    return ts.getPreEmitDiagnostics(program, file).map((error) => describeError(error, root))
  })
}

function describeError(error: ts.Diagnostic, root: string): string {
  const text = ts.flattenDiagnosticMessageText(error.messageText, ' ')
  if (error.file === undefined || error.start === undefined) return text
  const { line } = error.file.getLineAndCharacterOfPosition(error.start)
  return `${error.file.fileName.slice(root.length)}:${line + 1} ${text}`
}
