import { z } from 'zod'
import { importProblems } from '../import-table.js'

/** What was understood of a table, row by row. */
export const importView = z.object({
  rows: z.array(
    z.object({
      line: z.int(),
      title: z.string(),
      wordings: z.int(),
      problem: z.enum(importProblems).nullable(),
    }),
  ),
  /** How many were saved: none where it was only looked at. */
  saved: z.int(),
})
export type ImportView = z.infer<typeof importView>
