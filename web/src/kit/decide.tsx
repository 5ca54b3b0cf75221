import { App, Descriptions, Input } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from '../api/client'

type Asked = {
  title: string
  /** What is decided on: label and value. */
  about: [label: string, value: ReactNode][]
  /** What follows, in a sentence. */
  sure?: string
  /** What the reason is called that is asked for. */
  why?: string
  /** Word of the button; `danger` when it is against somebody. */
  ok: string
  /** Word of the other button, where the usual one could be taken for it. */
  cancel?: string
  danger?: boolean
}

function About({ of, sure }: { of: Asked['about']; sure?: string }) {
  return (
    <>
      <Descriptions
        size="small"
        column={1}
        style={{ marginBottom: 12 }}
        items={of.map(([label, children]) => ({ key: label, label, children }))}
      />
      {sure && <p>{sure}</p>}
    </>
  )
}

/** What a decision is made on: refused when that was changed meanwhile. */
export const onVersion = (of: { version?: string | null }) => (of.version ? { 'If-Match': of.version } : undefined)

/** Closes the dialog also when what it shows is no longer so: it is said, and the page shows what is there now. */
const closing = (run: Promise<unknown>) =>
  run.catch((e: unknown) => {
    if (!(e instanceof Refused) || e.problem.status !== 409) throw e
  })

/** Asks once before a decision, and names what is decided on. `decide` is given the reason, where one is asked for. */
export function useDecision() {
  const { modal } = App.useApp()
  const { t } = useTranslation()
  const ask = (asked: Asked, decide: () => Promise<unknown>) =>
    modal.confirm({
      title: asked.title,
      content: <About of={asked.about} sure={asked.sure} />,
      okText: asked.ok,
      cancelText: asked.cancel,
      okButtonProps: { danger: asked.danger },
      // A key that repeats on the button that asked must not answer as well.
      autoFocusButton: 'cancel',
      onOk: () => closing(decide()),
    })
  const askWhy = (asked: Asked, decide: (reason: string) => Promise<unknown>) => {
    let reason = ''
    const type = (text: string) => {
      reason = text.trim()
      box.update({ okButtonProps: { danger: asked.danger, disabled: !reason } })
    }
    const box = modal.confirm({
      title: asked.title,
      content: (
        <>
          <About of={asked.about} sure={asked.sure} />
          <Input.TextArea
            autoFocus
            aria-label={asked.why ?? t('review.reason')}
            placeholder={asked.why ?? t('review.reason')}
            maxLength={500}
            onChange={(e) => type(e.target.value)}
          />
        </>
      ),
      okText: asked.ok,
      okButtonProps: { danger: asked.danger, disabled: true },
      autoFocusButton: null,
      onOk: () => closing(decide(reason)),
    })
  }
  return { ask, askWhy }
}
