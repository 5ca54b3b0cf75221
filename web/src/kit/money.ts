import type { Schemas } from '../api/client'

type Money = Schemas['MoneyView']

// Amounts of one currency have the same decimals: two, none (JPY) or three (KWD). They are added up in the smallest unit.
const decimals = (amount: string) => amount.split('.')[1]?.length ?? 0
const minor = (amount: string) => BigInt(amount.replace('.', ''))

const amountOf = (sum: bigint, places: number) => {
  const digits = String(sum < 0n ? -sum : sum).padStart(places + 1, '0')
  const [whole, part] = [digits.slice(0, digits.length - places), digits.slice(digits.length - places)]
  return `${sum < 0n ? '-' : ''}${whole}${part && `.${part}`}`
}

/** What amounts of one currency come to; `zero` says which currency when there are none. */
export const sumOf = (all: Money[], { amount, currency }: Money): Money => ({
  amount: amountOf(
    all.reduce((sum, m) => sum + minor(m.amount), 0n),
    decimals(amount),
  ),
  currency,
})

/** An amount less another one of its currency. */
export const less = (of: Money, by: Money): Money => ({
  amount: amountOf(minor(of.amount) - minor(by.amount), decimals(of.amount)),
  currency: of.currency,
})

/** Whether an amount is more than another one of its currency, or than nothing. */
export const isMore = (of: Money, than?: Money) => minor(of.amount) > (than ? minor(than.amount) : 0n)

/** A value of a chart as an amount of the currency that `like` has. */
export const chartMoney = (value: number, like?: Money): Money => ({
  amount: value.toFixed(decimals(like?.amount ?? '0.00')),
  currency: like?.currency ?? '',
})
