/**
 * A place that a module of the user describes.
 *
 * @module
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SessionOptions } from '../options/options.js'
import type { Io } from './io.js'
import type { Plan } from './place.js'
import { Problem, reasonOf } from './problems.js'

/** What such a module exports: the options of a manager, or a function that makes them. */
interface Config {
  readonly default?: SessionOptions | (() => SessionOptions | Promise<SessionOptions>)
  /** Ends the connections that the module has opened. */
  readonly close?: () => unknown
}

/** @throws {Problem} For a module that cannot be loaded, or has no options. */
export async function loadConfig(file: string, ini: SessionOptions, { cwd }: Io): Promise<Plan> {
  const { options, close } = await loaded(file, resolve(cwd, file))
  if (typeof options !== 'object' || options === null) {
    throw new Problem(`${file}: the default export must be the options of a manager`)
  }
  return { options: { ...ini, ...options }, end: () => close?.() }
}

async function loaded(file: string, path: string) {
  try {
    const module = (await import(pathToFileURL(path).href)) as Config
    const { default: made, close } = module
    const options = typeof made === 'function' ? await made() : made
    return { options, close }
  } catch (error) {
    throw new Problem(`cannot load ${file}: ${reasonOf(error)}`)
  }
}
