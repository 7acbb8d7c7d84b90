/** One session counter in files. */
import { filesHandler } from '../../../src/handlers/files.js'
import { serveCounter } from './serve-counter.js'

const { SAVE_PATH = '' } = process.env

serveCounter(filesHandler({ savePath: SAVE_PATH }))
