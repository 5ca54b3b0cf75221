import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import en from '../../src/texts/en.json'

const catalogue = [
  ...readFileSync('../crates/domain/src/message.rs', 'utf8').matchAll(
    /^ {4}\w+ = "([^"]+)", "[^"]+", (Buyer|Seller|Operator), "([^"]*)";$/gm,
  ),
]
const paths = [...readFileSync('src/routes.tsx', 'utf8').matchAll(/page\(\s*'([^']+)'/g)].map((m) =>
  (m[1] ?? '').replace(/\$\w+/, '$'),
)

it('every message leads to a page that there is', () => {
  expect(catalogue.length).toBeGreaterThan(65)
  const pages = catalogue
    .filter(([, , , page]) => page)
    .map(([, , audience, page]) => `/${audience?.toLowerCase()}/${page}`)
  expect(pages.filter((page) => !paths.includes(page))).toEqual([])
  // The list is shown when nobody noted what a message from before is about.
  expect(pages.filter((page) => !paths.includes(page.replace('/$', '')))).toEqual([])
  expect(catalogue.filter(([, , , page]) => !page).map(([, key]) => key)).toEqual([
    'mailbox.to_confirm',
    'webhook.test',
  ])
})

it('every message has a short name for the message centre', () => {
  const named: Record<string, string> = en.event
  expect(catalogue.map(([, key]) => key ?? '').filter((key) => !named[key.replaceAll('.', '_')])).toEqual([])
})
