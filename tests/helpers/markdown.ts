/** What the tests of the documentation read out of a page. */

/** One fenced block. */
export interface Block {
  /** First word after the fence: `ts`. */
  readonly language: string
  /** The other words: `run`, `continued`. */
  readonly marks: ReadonlySet<string>
  /** Line of the opening fence, from 1. */
  readonly line: number
  readonly text: string
}

/** The fenced blocks of a page, without the indentation of a list they stand in. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  const fence = /^( *)(`{3,})(\S*)([^\n]*)\n([\s\S]*?)^\1\2[ \t]*$/gm
  for (const [all, indent = '', , language = '', marks = '', body = ''] of page.matchAll(fence)) {
    const line = page.slice(0, page.indexOf(all)).split('\n').length
    const text = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    blocks.push({ language, marks: new Set(marks.trim().split(/\s+/).filter(Boolean)), line, text })
  }
  return blocks
}

/** A block with what it continues: the blocks before it in the same language, back to a whole one. */
export function wholeText(blocks: readonly Block[], index: number): string {
  const block = blocks[index] as Block
  if (!block.marks.has('continued')) return block.text
  const before = blocks.findLastIndex((each, at) => at < index && each.language === block.language)
  return before < 0 ? block.text : `${wholeText(blocks, before)}\n${block.text}`
}

/** What the comments of a block say that it prints, line by line. */
export function promisedOutput(text: string): string[] {
  return [...text.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1] as string)
}

/** Targets of the links of a page, outside code. */
export function linksOf(page: string): string[] {
  const prose = page.replaceAll(/^ *(`{3,})[\s\S]*?^ *\1[ \t]*$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string)
}

/** The anchors of a page: what forges make of its headings. */
export function anchorsOf(page: string): Set<string> {
  const prose = page.replaceAll(/^ *(`{3,})[\s\S]*?^ *\1[ \t]*$/gm, '')
  const headings = [...prose.matchAll(/^#{1,6} (.*)$/gm)].map((match) => match[1] as string)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
