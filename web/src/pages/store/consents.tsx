import { Checkbox, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

export type Consents = { mobile_phone?: string; email?: string; user_id?: boolean }

/** Only what was filled in is sent: giving it is the consent. */
export const consentsOf = (given?: Consents) => ({
  mobile_phone: given?.mobile_phone || null,
  email: given?.email || null,
  user_id: !!given?.user_id,
})

/** Personal data that a seller asks for; nothing else is passed on. */
export function ConsentFields({ asked, seller, at }: { asked: string[]; seller: string; at: (string | number)[] }) {
  const { t } = useTranslation()
  if (asked.length === 0) return null
  const need = [{ required: true, message: t('form.required') }]
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <legend className="muted" style={{ fontSize: 13, marginBottom: 8 }}>
        {t('consent.text', { seller })}
      </legend>
      {asked.includes('mobile_phone') && (
        <Form.Item
          name={[...at, 'mobile_phone']}
          label={t('consent.mobile_phone')}
          rules={[...need, { pattern: /^[0-9+\- ]{5,32}$/, message: t('consent.phone_hint') }]}
        >
          <Input type="tel" autoComplete="tel" maxLength={32} />
        </Form.Item>
      )}
      {asked.includes('email') && (
        <Form.Item
          name={[...at, 'email']}
          label={t('consent.email')}
          rules={[...need, { type: 'email', message: t('consent.email_hint') }]}
        >
          <Input type="email" autoComplete="email" maxLength={120} />
        </Form.Item>
      )}
      {asked.includes('user_id') && (
        <Form.Item
          name={[...at, 'user_id']}
          valuePropName="checked"
          rules={[{ validator: (_, on) => (on ? Promise.resolve() : Promise.reject(new Error(t('form.required')))) }]}
        >
          <Checkbox>{t('consent.pass_user_id')}</Checkbox>
        </Form.Item>
      )}
    </fieldset>
  )
}
