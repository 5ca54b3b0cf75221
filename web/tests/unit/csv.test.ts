import { expect, it } from 'vitest'
import { cell, csv } from '../../src/kit/csv'

it('quotes what CSV would read otherwise', () => {
  expect(
    csv([
      ['a', 'b,c'],
      ['say "x"', null],
    ]),
  ).toBe('\uFEFFa,"b,c"\r\n"say ""x""",\r\n')
})

it('keeps what a spreadsheet would run as a formula as text, and numbers as numbers', () => {
  expect(cell('=HYPERLINK("http://evil")')).toBe('"\'=HYPERLINK(""http://evil"")"')
  expect(cell('+86 10 1')).toBe("'+86 10 1")
  expect(cell('-100.00')).toBe('-100.00')
  expect(cell(7)).toBe('7')
})
