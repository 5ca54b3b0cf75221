import { App, Input } from 'antd'
import { useTranslation } from 'react-i18next'

/** Asks for a reason before a decision against somebody. */
export function useReason() {
  const { modal } = App.useApp()
  const { t } = useTranslation()
  return (title: string, decide: (reason: string) => Promise<unknown>) => {
    let reason = ''
    const type = (text: string) => {
      reason = text.trim()
      box.update({ okButtonProps: { disabled: !reason } })
    }
    const box = modal.confirm({
      title,
      content: (
        <Input.TextArea
          autoFocus
          aria-label={t('review.reason')}
          placeholder={t('review.reason')}
          maxLength={500}
          onChange={(e) => type(e.target.value)}
        />
      ),
      okButtonProps: { disabled: true },
      onOk: () => decide(reason),
    })
  }
}
