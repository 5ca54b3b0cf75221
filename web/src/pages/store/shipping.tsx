import { Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'

export type Shipping = { recipient: string; phone: string; address: string }

/** Where goods are sent; the seller of the order sees it, nobody else. */
export function ShippingFields({ at }: { at: (string | number)[] }) {
  const { t } = useTranslation()
  const need = [{ required: true, message: t('form.required') }]
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0 }}>
      <legend className="muted" style={{ fontSize: 13, marginBottom: 8 }}>
        {t('shipping.title')}
      </legend>
      <Form.Item name={[...at, 'recipient']} label={t('shipping.recipient')} rules={need}>
        <Input autoComplete="name" maxLength={60} />
      </Form.Item>
      <Form.Item
        name={[...at, 'phone']}
        label={t('shipping.phone')}
        rules={[...need, { pattern: /^[0-9+\- ]{5,32}$/, message: t('consent.phone_hint') }]}
      >
        <Input type="tel" autoComplete="tel" maxLength={32} />
      </Form.Item>
      <Form.Item name={[...at, 'address']} label={t('shipping.address')} rules={need}>
        <Input.TextArea autoComplete="street-address" maxLength={200} />
      </Form.Item>
    </fieldset>
  )
}
