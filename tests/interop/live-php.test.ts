import { liveTests } from '../helpers/live.js'

liveTests('php')
