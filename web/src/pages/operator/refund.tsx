import { Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { moneyText } from '../../kit/show'

/** Gives a part of a completed order back; the service goes on. */
export function RefundPart({ order }: { order: Schemas['OrderView'] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [form] = Form.useForm<{ amount: string; reason: string }>()
  const give = useAction(
    (body: Schemas['RefundBody']) =>
      unwrap(
        api.POST('/api/v1/operator/orders/{number}/refund', {
          params: { path: { number: order.order_number } },
          body,
        }),
      ),
    () => {
      setOpen(false)
      form.resetFields()
    },
    t('corrections.asked'),
  )
  const currency = order.net.currency
  const send = async () => {
    const { amount, reason } = await form.validateFields()
    give.mutate({ amount: { amount: amount.trim(), currency }, reason })
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('corrections.refund_part')}</Button>
      <Modal
        title={t('corrections.refund_title', { number: order.order_number })}
        open={open}
        onCancel={() => setOpen(false)}
        onOk={() => void send()}
        okText={t('corrections.refund_part')}
        confirmLoading={give.isPending}
      >
        <p>{t('corrections.refund_about', { paid: moneyText(order.paid), net: moneyText(order.net) })}</p>
        <p className="muted">{t('corrections.refund_second')}</p>
        <Form form={form} layout="vertical">
          <Form.Item name="amount" label={t('field.amount')} rules={[{ required: true }]}>
            <Input prefix={currency} inputMode="decimal" autoComplete="off" />
          </Form.Item>
          <Form.Item name="reason" label={t('review.reason')} rules={[{ required: true, whitespace: true }]}>
            <Input.TextArea maxLength={500} />
          </Form.Item>
        </Form>
      </Modal>
    </>
  )
}
