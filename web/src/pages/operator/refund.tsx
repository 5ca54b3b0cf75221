import { Button, Descriptions, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { moneyText, useText } from '../../kit/show'

type Order = Schemas['OrderView']
type Values = { amount: { amount: string }; reason: string }

function RefundModal({ order, close }: { order: Order; close: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const text = useText()
  const currency = order.net.currency
  const line = order.lines[0]
  const product = [text(line?.product_name), text(line?.sku_name)].filter(Boolean).join(' · ')
  const give = ({ amount, reason }: Values) =>
    unwrap(
      api.POST('/api/v1/operator/orders/{number}/refund', {
        params: { path: { number: order.order_number } },
        body: { amount: { amount: amount.amount.trim(), currency }, reason },
      }),
    )
  return (
    <Modal
      open
      title={t('corrections.refund_title')}
      onCancel={close}
      okText={t('corrections.refund_part')}
      onOk={() => form.submit()}
    >
      <Descriptions
        size="small"
        column={1}
        style={{ marginBottom: 12 }}
        items={[
          { key: 'o', label: t('field.order_number'), children: order.order_number },
          { key: 'c', label: t('field.customer'), children: order.customer_name },
          { key: 'p', label: t('field.product'), children: product },
          { key: 'm', label: t('corrections.paid'), children: moneyText(order.paid) },
          { key: 'b', label: t('corrections.back'), children: moneyText(order.refunded) },
          { key: 'n', label: t('corrections.left'), children: moneyText(order.net) },
        ]}
      />
      <p className="muted">
        {t('corrections.refund_about')} {t('corrections.refund_second')}
      </p>
      <Entry form={form} initial={{}} run={give} done={close} success={t('corrections.asked')}>
        <Form.Item
          name={['amount', 'amount']}
          label={t('field.amount')}
          rules={[{ required: true, pattern: /^\s*\d+(\.\d{1,3})?\s*$/, message: t('form.amount') }]}
        >
          <Input autoFocus prefix={currency} inputMode="decimal" autoComplete="off" />
        </Form.Item>
        <Form.Item
          name="reason"
          label={t('review.reason')}
          rules={[{ required: true, whitespace: true, message: t('form.required') }]}
        >
          <Input.TextArea maxLength={500} showCount />
        </Form.Item>
      </Entry>
    </Modal>
  )
}

/** Gives a part of a completed order back; the service goes on. */
export function RefundPart({ order }: { order: Order }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('corrections.refund_part')}</Button>
      {open && <RefundModal order={order} close={() => setOpen(false)} />}
    </>
  )
}
