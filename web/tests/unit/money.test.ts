import { describe, expect, it } from 'vitest'
import { chartMoney, isMore, less, sumOf } from '../../src/kit/money'

const of = (currency: string) => (amount: string) => ({ amount, currency })

describe('sums of money', () => {
  it.each([
    ['CNY', ['0.10', '0.20', '1080.00'], '1080.30', '0.00'],
    ['JPY', ['100', '9007199254740993'], '9007199254741093', '0'],
    ['KWD', ['0.001', '0.009', '12.990'], '13.000', '0.000'],
    ['CNY', [], '0.00', '5.00'],
  ])('are exact in the decimals of %s', (currency, amounts, sum, like) => {
    const money = of(currency)
    expect(sumOf(amounts.map(money), money(like))).toEqual(money(sum))
  })

  it('have differences below nothing', () => {
    const cny = of('CNY')
    expect(less(cny('0.05'), cny('1.00'))).toEqual(cny('-0.95'))
    expect(less(of('JPY')('1200'), of('JPY')('1000'))).toEqual(of('JPY')('200'))
    expect(sumOf([cny('-0.95'), cny('0.90')], cny('0.00'))).toEqual(cny('-0.05'))
  })

  it('are compared to the last unit', () => {
    const cny = of('CNY')
    expect([isMore(cny('90071992547409.93'), cny('90071992547409.92')), isMore(cny('1.00'), cny('1.00'))]).toEqual([
      true,
      false,
    ])
    expect([isMore(cny('0.01')), isMore(cny('0.00')), isMore(cny('-0.01'))]).toEqual([true, false, false])
  })

  it('are shown in charts in the decimals of their currency', () => {
    expect(chartMoney(1234.5, of('JPY')('0'))).toEqual(of('JPY')('1235'))
    expect(chartMoney(1.2345, of('KWD')('0.000'))).toEqual(of('KWD')('1.234'))
    expect(chartMoney(2, undefined)).toEqual(of('')('2.00'))
  })
})
