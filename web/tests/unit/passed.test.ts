import { expect, it } from 'vitest'
import { passed } from '../../src/pages/supervision/passed'

const walk = (...nodes: string[]) => nodes.map((to, i) => ({ from: nodes[i - 1] ?? '', to }))

it('says what lies behind a case', () => {
  expect(passed(walk('submit'))).toEqual([])
  expect(passed(walk('submit', 'confirm', 'deliver'))).toEqual(['submit', 'confirm'])
})

it('takes back what is to be done again', () => {
  expect(passed(walk('submit', 'confirm', 'submit'))).toEqual([])
  expect(passed(walk('submit', 'confirm', 'deliver', 'accept', 'deliver'))).toEqual(['submit', 'confirm'])
  expect(passed(walk('submit', 'confirm', 'deliver', 'accept', 'deliver', 'accept', 'end'))).toEqual([
    'submit',
    'confirm',
    'deliver',
    'accept',
  ])
})

it('does not take an appeal and its decision for a way', () => {
  expect(passed(walk('deliver', 'accept', 'accept', 'accept'))).toEqual(['deliver'])
})
