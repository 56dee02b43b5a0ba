import type { AdminTexts } from '../../admin-texts.js'

export type Translate = AdminTexts['t']['value']
/** A text of the catalogues, or one that has both languages with it. */
export type AdminText = Parameters<Translate>[0]

/** One condition of a rule as the form and the list show it: `V` as a rules file has it, `D` as the field edits it. */
export interface ConditionField<V, D> {
  readonly label: AdminText
  readonly hint: AdminText | null
  /** Returns the condition in the field's form; undefined, for a rule without it, gives an empty field. */
  draft(value: V | undefined): D
  /** Returns the condition that the field holds; undefined where it is empty. */
  value(draft: D): V | undefined
  /** Returns the condition in a line, in parts. */
  words(value: V, t: Translate): readonly string[]
}

/** Describes a condition; infers the form that its field edits. */
export function conditionField<V, D>(field: ConditionField<V, D>): ConditionField<V, D> {
  return field
}
