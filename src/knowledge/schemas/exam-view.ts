import { z } from 'zod'
import { caseProblems, MAX_SAYS } from '../exams/case-problems.js'

const says = z.string().trim().min(1, 'must not be empty').max(MAX_SAYS)

export const caseView = z
  .object({
    id: z.int(),
    appId: z.string().nullable(),
    /** What a customer says. */
    says: z.string(),
    /** The entry that answers it; null: it is to be left to people. */
    entryId: z.int().nullable(),
    entryTitle: z.string().nullable(),
    /** The right entry's place at the last run, from 1; null where it was not found, or there is none. */
    rank: z.int().nullable(),
    passed: z.boolean(),
    /** What was found first instead, with its confidence. */
    first: z.object({ id: z.int(), title: z.string(), confidence: z.number() }).nullable(),
  })
  .meta({ id: 'ExamCase' })

export const examView = z.object({
  at: z.int(),
  cases: z.array(caseView),
  passed: z.int(),
  /** From each sureness on: how many cases would be answered without a model, rightly and wrongly. */
  curve: z.array(z.object({ at: z.number(), right: z.int(), wrong: z.int() })),
  /** The lowest sureness without a wrong answer; null: nothing may be sent without a model. */
  matchAt: z.number().nullable(),
  /** How many cases it takes to earn one. */
  needed: z.int(),
  /** Cases that passed the last time and fail now. */
  broken: z.array(z.int()),
})

export type ExamView = z.infer<typeof examView>
export type CaseView = z.infer<typeof caseView>

/** POST /exams/cases: several at once. */
export const newCases = z.strictObject({
  cases: z
    .array(
      z.strictObject({
        appId: z.string().min(1).max(100).nullable().default(null),
        says,
        entryId: z.int().min(1).nullable(),
      }),
    )
    .min(1)
    .max(500),
})

/** POST /exams/cases/from-entry: its other wordings, each as a case. */
export const casesOfEntry = z.strictObject({ entryId: z.int().min(1) })

/** POST /exams/cases/from-message: what a customer wrote. */
export const caseOfMessage = z.strictObject({
  messageId: z.int().min(1),
  entryId: z.int().min(1).nullable(),
})

/** POST /exams/cases/import: a table of them. */
export const caseTable = z.strictObject({
  text: z.string().min(1),
  appId: z.string().min(1).max(100).nullable().default(null),
  save: z.boolean().default(false),
})

/** What was understood of a table of cases, row by row. */
export const caseTableView = z.object({
  rows: z.array(
    z.object({
      line: z.int(),
      says: z.string(),
      /** Null: it is to be left to people, or the row has a problem. */
      entryTitle: z.string().nullable(),
      problem: z.enum(caseProblems).nullable(),
    }),
  ),
  /** How many were saved: none where it was only looked at. */
  saved: z.int(),
})
export type CaseTableView = z.infer<typeof caseTableView>
