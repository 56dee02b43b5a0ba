/** An order, as the shop's own system knows it. */
export interface Order {
  readonly number: string
  readonly goods: string
  readonly status: string
}

/**
 * Asks the shop's system for one of this customer's orders; undefined when they have no such order, so that
 * nobody reads another's by guessing numbers. Throws when the system is down.
 */
export type FindOrder = (openId: string, number: string) => Promise<Order | undefined>

/** A shop to try the example with: it has one order, whoever asks. */
export const demoOrders: FindOrder = async (_openId, number) =>
  number === '1024' ? { number, goods: '云朵马克杯', status: '已发货，预计明天送达' } : undefined
