/** Props of a field that edits one condition; its model is the condition's draft. */
export interface ConditionProps {
  label: string
  hint: string
  /** Names of business hours that there are. */
  schedules: readonly string[]
  /** What the service says against it; empty where nothing. */
  problem: string
}
