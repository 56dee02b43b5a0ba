import type { z } from 'zod'
import type { checkView, modelView, spendingView } from '../../../../src/model/schemas/model-view.js'

export type ModelView = z.infer<typeof modelView>
export type ModelCheckView = z.infer<typeof checkView>
export type SpendingView = z.infer<typeof spendingView>

/** A model as the form has it. */
export interface ProviderDraft {
  preset: ModelView['presets'][number]['name']
  url: string
  model: string
  /** Empty: as it was. */
  key: string
}
