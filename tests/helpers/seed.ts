/** The same generated values in every run; `FC_SEED=<integer>` asks for others. */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_122) })
