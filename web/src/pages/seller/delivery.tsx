import { Alert, Button, Form, InputNumber, Select, Switch } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused, send, type Schemas } from '../../api/client'
import { problemText } from '../../kit/problem'
import { Both } from './both'

/** The form that buyers fill in, sent as it is. */
function FormFile({
  value,
  onChange,
  disabled,
}: {
  value?: string | null
  onChange?: (id: string | null) => void
  disabled?: boolean
}) {
  const { t } = useTranslation()
  const [wrong, setWrong] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const take = async (file?: File) => {
    if (!file) return
    setWrong('')
    try {
      const sending = await send(`/api/v1/seller/documents?${new URLSearchParams({ name: file.name })}`, file, () => {})
      onChange?.(((await sending.done) as Schemas['DocumentView']).id)
    } catch (e) {
      setWrong(e instanceof Refused ? problemText(t, e.problem) : t('problem.network'))
    }
    if (input.current) input.current.value = ''
  }
  return (
    <div>
      <input
        ref={input}
        type="file"
        accept=".doc,.docx,.xls,.xlsx,.pdf"
        style={{ display: 'none' }}
        aria-label={t('delivery.request_file')}
        onChange={(e) => void take(e.target.files?.[0])}
      />
      <div className="row">
        <Button disabled={disabled} onClick={() => input.current?.click()}>
          {t('assets.choose')}
        </Button>
        {value && (
          <>
            <a href={`/api/v1/documents/${value}`} download>
              {t('delivery.request_file')}
            </a>
            <Button disabled={disabled} onClick={() => onChange?.(null)}>
              {t('action.remove')}
            </Button>
          </>
        )}
      </div>
      {wrong && <Alert style={{ marginTop: 8 }} type="error" showIcon title={wrong} role="status" />}
    </div>
  )
}

/** What service supervision needs to know of a product. */
export function DeliveryFields({ access, disabled }: { access: string; disabled: boolean }) {
  const { t } = useTranslation()
  return (
    <fieldset style={{ border: '1px solid var(--line)', borderRadius: 8, padding: 16, marginBottom: 24 }}>
      <legend className="framed">{t('delivery.title')}</legend>
      <Both
        name={['delivery', 'template']}
        label={t('delivery.template')}
        extra={t('delivery.template_hint')}
        rows={3}
      />
      <Both name={['delivery', 'request']} label={t('delivery.request')} extra={t('delivery.request_hint')} rows={3} />
      <Form.Item
        name={['delivery', 'request_file']}
        label={t('delivery.request_file')}
        extra={t('delivery.request_file_hint')}
      >
        <FormFile disabled={disabled} />
      </Form.Item>
      <Form.Item name={['delivery', 'sla_days']} label={t('delivery.sla_days')}>
        <InputNumber min={1} max={365} precision={0} />
      </Form.Item>
      {access === 'saas' && (
        <Form.Item
          name={['delivery', 'call_after_acceptance']}
          label={t('delivery.call_after_acceptance')}
          extra={t('delivery.call_after_acceptance_hint')}
          valuePropName="checked"
        >
          <Switch disabled={disabled} />
        </Form.Item>
      )}
      {access === 'human_service' && (
        <Form.Item name={['delivery', 'flow']} label={t('delivery.flow')}>
          <Select
            style={{ maxWidth: 320 }}
            options={['standard', 'site_building', 'milestones'].map((value) => ({ value, label: t(`flow.${value}`) }))}
          />
        </Form.Item>
      )}
    </fieldset>
  )
}
