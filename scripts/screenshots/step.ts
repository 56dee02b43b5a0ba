/** Takes some of the screenshots, and says how that goes. */
export type Step = (title: string, take: () => Promise<void>) => Promise<void>
