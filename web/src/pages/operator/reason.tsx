import { App, Input } from 'antd'
import { useTranslation } from 'react-i18next'

/** Asks for a reason before a decision against somebody. */
export function useReason() {
  const { modal } = App.useApp()
  const { t } = useTranslation()
  return (title: string, decide: (reason: string) => Promise<unknown>) => {
    let reason = ''
    modal.confirm({
      title,
      content: <Input.TextArea autoFocus aria-label={t('review.reason')} placeholder={t('review.reason')} maxLength={500} onChange={(e) => { reason = e.target.value }} />,
      onOk: () => (reason.trim() ? decide(reason) : Promise.reject(new Error('a reason is missing'))),
    })
  }
}
