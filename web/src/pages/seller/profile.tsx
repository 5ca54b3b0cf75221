import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Form, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, Refused, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Await, Page } from '../../kit/page'
import { State } from '../../kit/show'

const fields = ['company_name', 'website', 'contact_name', 'contact_mobile', 'contact_mailbox', 'address', 'service_phone', 'service_mailbox', 'business_licence_number', 'introduction'] as const

function ProfileForm({ seller }: { seller: Schemas['SellerView'] }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Schemas['ProfileBody']>()
  const editable = ['none', 'draft', 'rejected'].includes(seller.state)
  const submit = useAction(async (body: Schemas['ProfileBody']) => {
    try {
      return await unwrap(api.PUT('/api/v1/seller/profile', { body }))
    } catch (e) {
      if (e instanceof Refused) form.setFields(e.problem.errors.map((f) => ({ name: f.pointer.slice(1) as keyof Schemas['ProfileBody'], errors: [f.detail] })))
      throw e
    }
  }, undefined, t('profile.submitted'))
  return (
    <>
      {seller.reason && <Alert type="error" showIcon title={t('profile.returned')} description={seller.reason} style={{ marginBottom: 16 }} />}
      <Form form={form} layout="vertical" disabled={!editable} initialValues={seller.profile ?? {}} onFinish={(v) => submit.mutate(v)} style={{ maxWidth: 640 }}>
        {fields.map((name) => (
          <Form.Item key={name} name={name} label={t(`profile.${name}`)} rules={[{ required: true, message: t('form.required') }]}>
            {name === 'introduction' ? <Input.TextArea rows={4} maxLength={2000} showCount /> : <Input />}
          </Form.Item>
        ))}
        <Button type="primary" htmlType="submit" loading={submit.isPending}>{t('action.submit_review')}</Button>
      </Form>
    </>
  )
}

/** The seller's profile, reviewed by the operator. */
export function SellerProfile() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['profile'], queryFn: () => unwrap(api.GET('/api/v1/seller/profile')) })
  return (
    <Page title={t('nav.seller_profile')} purpose={t('profile.purpose')} actions={query.data && <State of={query.data.state} />}>
      <div className="panel" style={{ padding: 24 }}><Await query={query}>{(s) => <ProfileForm seller={s} />}</Await></div>
    </Page>
  )
}
